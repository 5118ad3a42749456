"""Use cases of albums: entries, share links and the propagation of changes."""
