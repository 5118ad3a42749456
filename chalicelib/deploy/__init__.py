"""Extensions of the Chalice CLI for packaging and deploying."""
