"""Use cases of albums: albums, their photos and share links, and the propagation of changes."""
