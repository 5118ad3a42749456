"""The storage contracts on PostgreSQL. The SQL is limited to what Aurora DSQL supports too."""
