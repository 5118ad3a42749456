"""The use cases of Photoshare and the services that they need. `app.py` lists all entry points."""

__version__ = "0.1.0"
