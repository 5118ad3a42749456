"""Media types of uploads: their spellings, their file extensions and the names of downloads. This module does no I/O.

The declared type and the extension only select the uploads that get a grant. The bytes determine the type of the photo.
"""

import re
from typing import Literal, get_args

from chalicelib.domain.filenames import split_extension

MediaType = Literal[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/tiff",
    "image/heic",
    "image/heif",
    "image/avif",
]
SUPPORTED = frozenset(get_args(MediaType))
UNKNOWN = "application/octet-stream"

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/jpe": "image/jpeg",
    "image/jfif": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/mpo": "image/jpeg",
    "image/apng": "image/png",
    "image/vnd.mozilla.apng": "image/png",
    "image/tif": "image/tiff",
    "image/hif": "image/heif",
    "image/heic-sequence": "image/heic",
    "image/heif-sequence": "image/heif",
    "image/avif-sequence": "image/avif",
}
# Clients send these types if they do not know the type of the bytes.
_UNSPECIFIC = frozenset(("", UNKNOWN, "binary/octet-stream", "application/x-octet-stream", "application/unknown"))
_EXTENSIONS = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp", "mpo"),
    "image/png": ("png", "apng"),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "image/tiff": ("tif", "tiff"),
    "image/heic": ("heic", "heics", "hif", "heif", "heifs"),
    "image/heif": ("heif", "heifs", "hif", "heic", "heics"),
    "image/avif": ("avif", "avifs"),
}
"""The extensions of each type, the usual one first. HEIC files are HEIF files, so both types share extensions."""
_TYPES_BY_EXTENSION = {extension: media_type for media_type in _EXTENSIONS for extension in _EXTENSIONS[media_type]} | {
    "heic": "image/heic",
    "heics": "image/heic",
}
# A media type with parameters that a header can carry (RFC 9110, section 8.3.1).
_HEADER_VALUE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: ?; ?[!-:<-~]+)*")


def choose_media_type(declared: str | None, filename: str) -> str | None:
    """Return the type that the bytes of an upload probably have, or None if the service rejects the upload.

    An unspecific declaration counts as none. The extension of the file name then decides.
    The result is `UNKNOWN` if the file name has no extension either.
    """
    essence = (declared or "").partition(";")[0].strip().lower()
    if essence not in _UNSPECIFIC:
        plain = essence.replace("image/x-citrix-", "image/", 1).replace("image/x-", "image/", 1)
        media_type = _ALIASES.get(plain, plain)
        return media_type if media_type in SUPPORTED else None
    extension = split_extension(filename)[1].lower()
    return _TYPES_BY_EXTENSION.get(extension) if extension else UNKNOWN


def choose_signed_type(declared: str | None, media_type: str) -> str:
    """Return the Content-Type to sign into a grant: the declared one, or `media_type` if there is none.

    Browsers and many libraries set the header to the type that they declare.
    """
    value = " ".join((declared or "").split())
    return value if _HEADER_VALUE.fullmatch(value) else media_type


def name_download(filename: str, media_type: str) -> str:
    """Return the name under which a file of this type is saved.

    Keep the extension if the type has it. Replace the extension of another photo type. Otherwise append one, so that
    no program opens the file as another type.
    """
    expected = _EXTENSIONS.get(media_type)
    stem, extension = split_extension(filename)
    if expected is None or extension.lower() in expected:
        return filename
    if extension.lower() not in _TYPES_BY_EXTENSION:
        stem = filename
    return f"{stem}.{expected[0]}"


def remove_photo_extension(text: str) -> str:
    """Return a text without its extension if this is an extension of photo files."""
    stem, extension = split_extension(text)
    return stem if extension.lower() in _TYPES_BY_EXTENSION else text
