"""Settings, AWS clients, HTTP fetch, logs and metrics."""
