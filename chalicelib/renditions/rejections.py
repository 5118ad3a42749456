"""Reasons to reject an upload. The name of each class is the rejection code in the API."""

from chalicelib.domain.photos import RejectionDetails


class Rejection(Exception):
    """The upload is not a photo that the service supports."""

    def __init__(self, details: RejectionDetails | None = None) -> None:
        """`details` name the limit that the upload exceeds, if the reason is a limit."""
        super().__init__(details)
        self.details = details

    @property
    def code(self) -> str:
        """Return the rejection code."""
        return type(self).__name__


class NotAnImage(Rejection):
    """The first bytes match no format that the service supports."""


class TypeMismatch(Rejection):
    """The format of the bytes differs from the declared content type. Only old photos have this reason."""


class TooManyBytes(Rejection):
    """The file exceeds the maximum size of an upload."""


class TooManyPixels(Rejection):
    """A side, the area, or the memory that the decoder needs exceeds its limit."""


class Truncated(Rejection):
    """The file ends before its picture is complete, for example after half an upload."""


class DecompressionBomb(Rejection):
    """The file is small, but decoding it would take hours or gigabytes."""


class Damaged(Rejection):
    """The format matches, but the decoder cannot decode the content."""


class UnsupportedVariant(Rejection):
    """The format matches, but no decoder of the service shows this variant of it correctly."""


class TooSlow(Exception):
    """The picture has more pixels than the caller can wait for."""
