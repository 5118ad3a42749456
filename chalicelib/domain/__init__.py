"""Rules and records. These modules do no I/O and use neither the framework nor AWS."""
