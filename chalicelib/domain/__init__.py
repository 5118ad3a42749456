"""Pure rules and records: no framework, no AWS."""
