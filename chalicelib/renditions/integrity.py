"""Check that the bytes of a rendition are a complete picture."""

from chalicelib.renditions.decoders import load_vips


def is_intact(content: bytes) -> bool:
    """Return whether all pixels of a rendition can be decoded."""
    vips = load_vips()
    try:
        vips.Image.new_from_buffer(content, "", fail_on="truncated").avg()
    except vips.Error:
        return False
    return True
