"""Read the metadata of a photo from all places in its file: EXIF, XMP, IPTC and the texts of a PNG."""

from dataclasses import dataclass

from chalicelib.domain.photos import Exif
from chalicelib.domain.taken import Taken
from chalicelib.renditions.coded_picture import CodedPicture
from chalicelib.renditions.metadata import captions, exif, iptc, xmp
from chalicelib.renditions.metadata.captions import Captions
from chalicelib.renditions.metadata.position import with_position
from chalicelib.renditions.metadata.taken import choose_taken

_XMP_FIELD, _IPTC_FIELD, _PHOTOSHOP_FIELD = 700, 33723, 34377
_LONGEST_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata in a photo's file."""

    exif: Exif
    taken: Taken
    captions: Captions
    orientation: int
    """1 to 8. 1 is upright. 5 to 8 swap width and height."""


def read_metadata(coded: CodedPicture) -> Metadata:
    """Return the metadata of a picture, without invalid values."""
    directories = exif.read_directories(coded.exif)
    properties = xmp.read(coded.xmp or directories.read_raw(_XMP_FIELD, _LONGEST_BLOCK))
    fields = iptc.read(coded.iptc)
    # TIFF stores these blocks as fields.
    for tag in (_IPTC_FIELD, _PHOTOSHOP_FIELD):
        fields = fields or iptc.read(directories.read_raw(tag, _LONGEST_BLOCK))
    settings = exif.read_settings(directories, properties)
    return Metadata(
        exif=with_position(settings, directories.gps, properties),
        taken=choose_taken(directories, properties, coded.texts, iptc.get_date(fields)),
        captions=captions.read(directories, properties, fields, coded.texts),
        orientation=directories.orientation,
    )
