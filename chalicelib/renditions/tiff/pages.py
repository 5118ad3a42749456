"""Choose the page of a TIFF that holds the photo.

A TIFF may hold thumbnails, masks and other photos. NewSubfileType tells them apart (TIFF 6.0, section 8, and
DNG 1.7, chapter 4). SubIFDs is defined in Adobe's TIFF Technical Note 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.renditions.rejections import Damaged, UnsupportedVariant
from chalicelib.renditions.tiff.structure import Field, Tiff, get_first_integer

_MAX_PAGES = 100
_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _HEIGHT, _PHOTOMETRIC, _SUB_DIRECTORIES = 254, 255, 256, 257, 262, 330
# The tags of strips, of tiles and of the older JPEG. A directory without them holds metadata only.
_PIXELS = {273, 324, 513}

_REDUCED, _PAGE, _MASK = 1, 2, 4
_OLD_TYPES = {2: _REDUCED, 3: _PAGE}
_MASK_PHOTOMETRIC, _CFA, _LINEAR_RAW = 4, 32803, 34892
_PREVIEW_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Page:
    """A directory with a picture."""

    directory: int
    parent: int
    """The directory of the chain that holds this page, or the page itself."""
    fields: dict[int, Field]

    @property
    def area(self) -> int:
        """Return the number of pixels."""
        return get_first_integer(self.fields.get(_WIDTH)) * get_first_integer(self.fields.get(_HEIGHT))

    @property
    def longest_side(self) -> int:
        """Return the longest side in pixels."""
        return max(get_first_integer(self.fields.get(tag)) for tag in (_WIDTH, _HEIGHT))

    @property
    def subfile_type(self) -> int:
        """Return the bits of NewSubfileType, except the bit for a page of a document. 0 is the full picture."""
        if get_first_integer(self.fields.get(_PHOTOMETRIC)) == _MASK_PHOTOMETRIC:
            return _MASK
        old = _OLD_TYPES.get(get_first_integer(self.fields.get(_SUBFILE_TYPE)), 0)
        return get_first_integer(self.fields.get(_NEW_SUBFILE_TYPE), old) & ~_PAGE

    @property
    def is_raw(self) -> bool:
        """Return whether the page holds the raw data of a sensor."""
        return get_first_integer(self.fields.get(_PHOTOMETRIC)) in {_CFA, _LINEAR_RAW}


def choose_page(tiff_file: Tiff) -> Page:
    """Return the first full picture, or the largest reduced picture if the file has no full picture.

    If a directory of the chain and its sub-directories hold several full pictures, return the largest of them,
    because a thumbnail without a tag is smaller than the picture below it.

    Raises:
        Damaged: the file has no picture.
        UnsupportedVariant: the file has only masks, or only the raw data of a sensor without a preview of its size.
        struct.error: the file ends before its first full picture.
    """
    full_page, reduced_pages, is_empty = None, list[Page](), True
    for pages in _list_pages(tiff_file):
        is_empty = is_empty and not pages
        reduced_pages += (page for page in pages if page.subfile_type == _REDUCED)
        full_pages = [page for page in pages if page.subfile_type == 0]
        if full_pages:
            full_page = max(full_pages, key=lambda page: page.area)
            break
    candidates = [page for page in reduced_pages if not page.is_raw and (not full_page or _replaces(page, full_page))]
    if full_page and not full_page.is_raw:
        return full_page
    if candidates:
        return max(candidates, key=lambda page: page.area)
    raise Damaged if is_empty else UnsupportedVariant


def _replaces(preview: Page, raw: Page) -> bool:
    return preview.longest_side >= _PREVIEW_SHARE * raw.longest_side


def _list_pages(tiff_file: Tiff) -> Iterator[list[Page]]:
    """Yield the pages of each directory of the chain: its own, and those of its sub-directories."""
    directory, seen = tiff_file.first_directory, set[int]()
    while directory and directory not in seen and len(seen) < _MAX_PAGES:
        seen.add(directory)
        main = Page(directory, directory, tiff_file.read_fields(directory))
        pages = [main]
        for offset in tiff_file.read_integers(directory, _SUB_DIRECTORIES, _MAX_PAGES):
            if offset not in seen and len(seen) < _MAX_PAGES:
                seen.add(offset)
                pages.append(Page(offset, directory, tiff_file.read_fields(offset)))
        yield [page for page in pages if page.area and _PIXELS & page.fields.keys()]
        directory = tiff_file.read_next_directory(directory)
