"""The web page: one document for all page addresses, with Open Graph tags for public photos."""

import re
from functools import cache
from html import escape
from urllib.parse import urlsplit

from chalicelib.http.files import build_file, load_web_file
from chalicelib.http.responses import File

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
