"""Cognito: sign-in, token verification and the rate limit."""
