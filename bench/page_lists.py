"""Long lists for a page in Chromium: Playwright answers its list requests with generated photos.

The photos have real renditions: WebP files that the project's renderer has made, each with an address of its own.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Route

from chalicelib.renditions import Rendered, render
from tests.support.images import photo as make_photo

_SIZES = ((3000, 2000), (2000, 3000), (2400, 1800), (3000, 1400), (2000, 2000), (2600, 1950))
_LIST = re.compile(r"/photos\?")
_PICTURE = re.compile(r"/bench/(\d+)/(\d+)\.webp$")


def make_pictures() -> list[Rendered]:
    """Return photos of common shapes as the renderer makes them."""
    return [render(make_photo(*size, seed=seed)) for seed, size in enumerate(_SIZES)]


@dataclass
class LongList:
    """A list of `count` photos, which repeats the pictures."""

    pictures: list[Rendered]
    count: int
    has_placeholders: bool = True

    def answer_in(self, context: BrowserContext) -> None:
        """Answer the list requests and the pictures in a browser."""
        context.route(_LIST, self._send_page)
        context.route(_PICTURE, self._send_picture)

    def _send_page(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        start = int(query.get("lastKey", ["0"])[0])
        end = min(self.count, start + int(query.get("limit", ["50"])[0]))
        items = [self._describe(number) for number in range(start, end)]
        body = {"items": items, "lastKey": str(end) if end < self.count else None}
        route.fulfill(body=json.dumps(body), content_type="application/json")

    def _send_picture(self, route: Route) -> None:
        match = _PICTURE.search(route.request.url)
        assert match
        picture = self.pictures[int(match[1]) % len(self.pictures)]
        route.fulfill(body=picture.renditions[match[2]].content, content_type="image/webp")

    def _describe(self, number: int) -> dict[str, Any]:
        picture = self.pictures[number % len(self.pictures)]
        # The hash of each photo differs in its colour, so that no two photos share a decoded placeholder.
        placeholder = bytearray(base64.b64decode(picture.placeholder))
        placeholder[0] = placeholder[0] & 0xC0 | number % 64
        return {
            "photoId": f"01HZ{number:022}",
            "userId": "5f0c1f0e-0000-4000-8000-000000000001",
            "filename": f"photo-{number}.jpg",
            "contentType": "image/jpeg",
            "size": 1_000_000,
            "width": picture.width,
            "height": picture.height,
            "rotation": 0,
            "uploadedAt": "2026-08-15T12:00:00.000Z",
            "takenAt": None,
            "takenLocal": None,
            "takenOffset": None,
            "title": f"Photo {number}",
            "description": "",
            "tags": [],
            "visibility": "public",
            "status": "ready",
            "rating": {"average": None, "count": 0},
            "exif": {},
            "placeholder": base64.b64encode(placeholder).decode() if self.has_placeholders else "",
            "renditions": {side: f"/bench/{number}/{side}.webp" for side in ("256", "1024", "2048")},
        }
