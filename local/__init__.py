"""Run the app and the AWS services that it uses on one machine: `python -m local`."""
