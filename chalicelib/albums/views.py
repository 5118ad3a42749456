"""Views of albums: the JSON that clients receive."""

from collections.abc import Sequence

from chalicelib.albums.access import is_photo_shown
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo, Visibility
from chalicelib.photos.views import PhotoPresenter
from chalicelib.stores.protocols import AlbumStore, PhotoStore

_COVER_RENDITIONS = ("1024", "256")


class AlbumView(Model, omit_defaults=False, frozen=True):
    """An album. `photoCount` counts the photos that the viewer can see."""

    album_id: AlbumId
    user_id: UserId
    name: str
    description: str
    continent: str
    country: str
    years: tuple[int, ...]
    photo_count: int
    cover_photo_id: PhotoId | None
    """The chosen cover, or None if the owner chose no cover or the viewer cannot see it in this album."""
    cover_url: str | None
    """The signed URL of the chosen cover, else of the photo that was added last, else of the first photo."""
    visibility: Visibility
    created_at: Timestamp
    updated_at: Timestamp


class AlbumPresenter:
    """Build the views of albums, with the signed URL of each cover."""

    def __init__(self, albums: AlbumStore, store: PhotoStore, photos: PhotoPresenter) -> None:
        self._albums, self._store, self._photos = albums, store, photos

    def build_view(self, album: Album, *, include_private: bool) -> AlbumView:
        """Return the view of one album. Set `include_private` for the album's owner and its share links."""
        return self.build_views([(album, include_private)])[0]

    def build_views(self, albums: Sequence[tuple[Album, bool]]) -> list[AlbumView]:
        """Return the views of several albums. Each pair holds an album and its `include_private`."""
        covers = self._find_covers(albums)
        return [self._build_view_with_cover(album, covers.get(album.album_id), include) for album, include in albums]

    def _build_view_with_cover(self, album: Album, cover: Photo | None, include_private: bool) -> AlbumView:
        is_chosen = cover is not None and cover.photo_id == album.cover_photo_id
        return AlbumView(
            album_id=album.album_id,
            user_id=album.user_id,
            name=album.name,
            description=album.description,
            continent=album.continent,
            country=album.country,
            years=album.years,
            photo_count=_count_visible_photos(album, include_private),
            cover_photo_id=album.cover_photo_id if is_chosen else None,
            cover_url=self._photos.sign_rendition_url(cover, _COVER_RENDITIONS) if cover else None,
            visibility=album.visibility,
            created_at=album.created_at,
            updated_at=album.updated_at,
        )

    def _find_covers(self, albums: Sequence[tuple[Album, bool]]) -> dict[AlbumId, Photo]:
        """Return the cover of each album: the chosen photo, else the latest photo, else the first photo."""
        candidates = [photo_id for album, _ in albums for photo_id in _list_cover_candidates(album)]
        photos = self._store.get_photos(candidates)
        covers: dict[AlbumId, Photo] = {}
        for album, include in albums:
            existing = (photos.get(photo_id) for photo_id in _list_cover_candidates(album))
            visible = (
                cover for cover in existing if cover and is_photo_shown(album.album_id, cover, include_private=include)
            )
            if cover := next(visible, None):
                covers[album.album_id] = cover
        without_cover = [pair for pair in albums if pair[0].album_id not in covers and _count_visible_photos(*pair)]
        return covers | self._find_first_photos(without_cover)

    def _find_first_photos(self, albums: Sequence[tuple[Album, bool]]) -> dict[AlbumId, Photo]:
        """Return the first visible photo of each album."""
        if not albums:
            return {}
        first_entries = self._albums.list_first_entries([(album.album_id, include) for album, include in albums])
        photos = self._store.get_photos([entry.photo_id for entries in first_entries for entry in entries])
        covers: dict[AlbumId, Photo] = {}
        for (album, include), entries in zip(albums, first_entries, strict=True):
            photo = photos.get(entries[0].photo_id) if entries else None
            if photo and is_photo_shown(album.album_id, photo, include_private=include):
                covers[album.album_id] = photo
        return covers


def _list_cover_candidates(album: Album) -> list[PhotoId]:
    return [photo_id for photo_id in (album.cover_photo_id, album.latest_photo_id) if photo_id]


def _count_visible_photos(album: Album, include_private: bool) -> int:
    return album.photo_count if include_private else album.non_private_count
