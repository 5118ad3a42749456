"""Why bytes cannot become a photo. Each class's name is the API's rejection code."""


class Refused(Exception):
    """The upload is not a photo that the service can show."""

    @property
    def code(self) -> str:
        """The rejection code."""
        return type(self).__name__


class NotAnImage(Refused):
    """The first bytes are of no format that the service takes."""


class TypeMismatch(Refused):
    """The bytes are of another format than the upload was declared to be."""


class TooManyBytes(Refused):
    """The file is larger than any upload may be."""


class TooManyPixels(Refused):
    """A side, the area, or the memory that its decoder would need is beyond any photo's."""


class Truncated(Refused):
    """The file ends before its picture does: half an upload."""


class DecompressionBomb(Refused):
    """A small file that is built to cost its decoder hours or gigabytes."""


class Damaged(Refused):
    """The format is right, and its decoder can make no picture of the content."""
