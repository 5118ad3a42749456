"""Commands that an operator or CI runs for a stage: deploy resources, check the package, redrive dead letters."""
