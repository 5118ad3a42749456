"""Storage contracts (`protocols`) and their implementations."""
