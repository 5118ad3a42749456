"""Read the title, description and keywords inside a photo: from XMP, else IPTC, else EXIF, else PNG texts.

The limits and the cleaning are those of the API.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chalicelib.domain.requests import MAX_DESCRIPTION, MAX_TAGS, MAX_TITLE
from chalicelib.domain.tags import MAX_TAG_LENGTH, clean_tags
from chalicelib.renditions.metadata import iptc, xmp
from chalicelib.renditions.metadata.exif import Directories
from chalicelib.renditions.text import clean_line, clean_paragraphs, decode_text

_IMAGE_DESCRIPTION, _WINDOWS_TITLE, _WINDOWS_COMMENT, _WINDOWS_KEYWORDS = 0x010E, 0x9C9B, 0x9C9C, 0x9C9E
_CAMERA_PHRASES = (
    "digital camera",
    "sony dsc",
    "minolta dsc",
    "dcim\\",
    "dcim/",
    "exif_jpeg",
    "jpeg picture",
    "default",
)
"""The beginnings or ends of descriptions that cameras write into every photo."""


class Captions(NamedTuple):
    """Texts about a photo. Missing texts are empty."""

    title: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()


def read(
    directories: Directories, properties: xmp.Properties, fields: iptc.Fields, texts: Mapping[str, str]
) -> Captions:
    """Return the texts of a photo, cut at the limits of the API."""
    titles = (
        *properties.get("dc:title", [])[:1],
        *fields.get(iptc.TITLE, [])[:1],
        *properties.get("photoshop:Headline", [])[:1],
        *fields.get(iptc.HEADLINE, [])[:1],
        _read_wide_text(directories, _WINDOWS_TITLE),
        texts.get("Title", ""),
    )
    descriptions = (
        *properties.get("dc:description", [])[:1],
        *fields.get(iptc.CAPTION, [])[:1],
        decode_text(directories.read_raw(_IMAGE_DESCRIPTION)),
        _read_wide_text(directories, _WINDOWS_COMMENT),
        texts.get("Description", ""),
    )
    keywords = (
        properties.get("dc:subject", []),
        fields.get(iptc.KEYWORD, []),
        _read_wide_text(directories, _WINDOWS_KEYWORDS).split(";"),
    )
    return Captions(
        title=_choose(clean_line(text, MAX_TITLE) for text in titles),
        description=_choose(clean_paragraphs(text, MAX_DESCRIPTION) for text in descriptions),
        keywords=next(filter(None, map(_clean_keywords, keywords)), ()),
    )


def _choose(texts: Iterable[str]) -> str:
    """Return the first text that an author may have written."""
    return next((text for text in texts if text and not _is_by_camera(text.lower())), "")


def _is_by_camera(text: str) -> bool:
    return any(text.startswith(phrase) or text.endswith(phrase) for phrase in _CAMERA_PHRASES)


def _clean_keywords(keywords: Iterable[str]) -> tuple[str, ...]:
    cleaned = (clean_line(unicodedata.normalize("NFC", keyword), MAX_TAG_LENGTH) for keyword in keywords)
    return tuple(clean_tags(filter(None, cleaned)))[:MAX_TAGS]


def _read_wide_text(directories: Directories, tag: int) -> str:
    """Return a text that Windows wrote, in UTF-16."""
    return directories.read_raw(tag).decode("utf-16-le", "ignore").partition("\0")[0]
