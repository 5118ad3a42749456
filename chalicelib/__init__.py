"""Photoshare's use cases and the services they rest on; `app.py` is the table of contents."""

__version__ = "0.1.0"
