"""The web page: one document for all page addresses, with Open Graph tags for public photos."""

import re
from functools import cache
from html import escape
from urllib.parse import urlsplit

import msgspec

from chalicelib.domain.photos import Photo
from chalicelib.http.files import build_file, list_etags, load_web_file
from chalicelib.http.responses import File

SITE_NAME = "Photoshare"
_RELEASE = '{ id: "", files: {} }'
"""The value of `RELEASE` in sw.js, which the service replaces."""
_ROOT_LINK = re.compile(r'(?<= )((?:href|src|action)=")/(?!/)')


@cache
def load_page(base_url: str) -> File:
    """Return the web page. All page addresses share it, and its scripts read the address.

    The links of index.html start with `/`. Add the path of `base_url` to them, so that they work at any depth and
    under a stage prefix such as `/api`.
    """
    page = load_web_file("index.html")
    prefix = escape(urlsplit(base_url).path)
    return build_file(_ROOT_LINK.sub(lambda link: f"{link[1]}{prefix}/", page.content), page.content_type)


@cache
def load_service_worker() -> File:
    """Return the service worker of this release: it knows the ETag of each file, so it never mixes two releases.

    If any file changes, the worker changes too, and browsers install it.
    """
    worker, etags = load_web_file("sw.js"), list_etags()
    del etags["sw.js"]
    identity = build_file(msgspec.json.encode(etags).decode(), "application/json").etag.strip('"')
    release = msgspec.json.encode({"id": identity, "files": etags}).decode()
    return build_file(worker.content.replace(_RELEASE, release, 1), worker.content_type)


def build_photo_page(photo: Photo | None, base_url: str) -> File:
    """Return the web page with the Open Graph tags of a public photo (https://ogp.me).

    If `photo` is None, the page is the same as at every other address, so it does not reveal that a photo is hidden.
    """
    page = load_page(base_url)
    if photo is None:
        return page
    address = f"{base_url}/p/{photo.photo_id}"
    title = photo.title or SITE_NAME
    properties = {
        "og:type": "website",
        "og:site_name": SITE_NAME,
        "og:title": title,
        "og:description": photo.description,
        "og:url": address,
        "og:image": f"{address}/preview",
        "og:image:alt": title,
    }
    tags = [_build_tag("property", name, content) for name, content in properties.items() if content]
    tags.append(_build_tag("name", "twitter:card", "summary_large_image"))
    return build_file(page.content.replace("</head>", f"{''.join(tags)}</head>", 1), page.content_type)


def _build_tag(kind: str, name: str, content: str) -> str:
    return f'  <meta {kind}="{name}" content="{escape(content)}">\n'
