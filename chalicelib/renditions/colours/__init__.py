"""Colour spaces of photos, and their conversion to sRGB."""
