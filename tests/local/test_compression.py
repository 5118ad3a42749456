"""The local server compresses responses and decompresses requests as API Gateway does."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import TooLarge
from local.compression import compress, decompress
from local.gateway import BODY_LIMIT, Gateway
from local.server import Server
from tests.support import local_server
from tests.support.local_server import ORIGIN, Reply, ask, connected, get, raw, small_app
from tests.support.paths import ROOT

MINIMUM = json.loads((ROOT / ".chalice" / "config.json").read_text())["minimum_compression_size"]
BINARY = {"Content-Type": "application/octet-stream", "Accept": "application/octet-stream"}
DECODE: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


def post(server: Server, path: str, body: bytes, **headers: str) -> Reply:
    with connected(server) as connection:
        return ask(connection, "POST", path, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def mirror(server: Server, body: bytes, accepted: str) -> Reply:
    return post(server, "/mirror", body, **BINARY, Accept_Encoding=accepted)


def echo(server: Server, body: bytes, coding: str) -> Reply:
    return post(server, "/echo", body, Content_Type="text/plain", Content_Encoding=coding)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate", "deflate"),
        ("deflate,gzip", "deflate"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("deflate;q=0.5,gzip;q=1.0", "gzip"),
        ("gzip;q=1.0,identity;q=0.5,*;q=0", "gzip"),
        ("", None),
        ("*", None),
        ("identity", None),
        ("br", None),
        ("br, gzip", None),
        ("gzip;q=0.5, br", None),
        ("gzip;q=0", None),
        ("gzip;q=2", None),
    ],
)
def test_only_the_preferred_coding_of_the_client_is_considered(
    server: Server, accepted: str, coding: str | None
) -> None:
    answer = mirror(server, b"x" * 5000, accepted)
    assert answer.headers["Content-Encoding"] == coding
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert DECODE[coding](answer.body) == b"x" * 5000


def test_client_without_accept_encoding_gets_an_uncompressed_body(server: Server) -> None:
    answer = raw(server, "GET /page HTTP/1.1", "Host: x")
    assert b"content-encoding" not in answer.lower()
    assert answer.endswith(b"</html>\n")


def test_accept_encoding_can_be_sent_in_several_lines(server: Server) -> None:
    answer = raw(server, "GET /page HTTP/1.1", "Host: x", "Accept-Encoding: br;q=0.1", "Accept-Encoding: gzip")
    assert b"content-encoding: gzip\r\n" in answer


@pytest.mark.parametrize(("size", "coding"), [(MINIMUM - 1, None), (MINIMUM, "gzip")])
def test_minimum_size_applies_to_the_uncompressed_body(server: Server, size: int, coding: str | None) -> None:
    answer = mirror(server, b"x" * size, "gzip")
    assert answer.headers["Content-Encoding"] == coding
    assert len(DECODE[coding](answer.body)) == size


@pytest.mark.parametrize(("minimum", "coding"), [(None, None), (0, "gzip")])
def test_minimum_size_can_be_absent_or_zero(minimum: int | None, coding: str | None) -> None:
    gateway = Gateway(small_app(), local_server.settings("http://127.0.0.1:1/jwks.json"))
    gateway.minimum_compression_size = minimum
    running = Server(gateway, 0)
    answers = {method: get(running, "/photos/1", method, **{"Accept-Encoding": "gzip"}) for method in ("GET", "DELETE")}
    running.close()
    assert answers["GET"].headers["Content-Encoding"] == coding
    assert (answers["DELETE"].status, answers["DELETE"].headers["Content-Encoding"]) == (204, None)


def test_encoded_response_is_not_compressed_again(server: Server) -> None:
    answer = get(server, "/encoded", **{"Accept-Encoding": "gzip"})
    assert answer.headers.get_all("Content-Encoding") == ["br"]
    assert answer.body == b"x" * 5000


def test_web_page_is_compressed_and_keeps_its_other_headers(server: Server) -> None:
    plain, compressed = get(server, "/page"), get(server, "/page", **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(compressed.body) == plain.body
    assert len(compressed.body) < len(plain.body)
    changed = {"content-encoding": "gzip", "content-length": str(len(compressed.body))}
    before, after = ({**dict(answer.headers), "date": ""} for answer in (plain, compressed))
    assert after == before | changed
    assert after["etag"]


def test_unchanged_page_is_304_without_content_encoding(server: Server) -> None:
    etag = get(server, "/page", **{"Accept-Encoding": "gzip"}).headers["ETag"]
    with connected(server) as connection:  # A stray body would corrupt the second response.
        unchanged = ask(connection, "GET", "/page", {"Accept-Encoding": "gzip", "If-None-Match": etag})
        page = ask(connection, "GET", "/page")
    assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
    assert unchanged.headers["Content-Encoding"] is None
    assert page.status == 200


def test_head_has_the_headers_of_a_compressed_get(server: Server) -> None:
    accepted = {"Accept-Encoding": "gzip"}
    with connected(server) as connection:  # A stray body would corrupt the second response.
        head, page = ask(connection, "HEAD", "/page", accepted), ask(connection, "GET", "/page", accepted)
    assert head.body == b""
    for name in ("Content-Encoding", "Content-Length", "ETag"):
        assert head.headers[name] == page.headers[name]
    assert page.headers["Content-Length"] == str(len(page.body))


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=2 * MINIMUM), st.sampled_from(["gzip", "deflate"]), st.sampled_from([*DECODE]))
def test_body_is_unchanged_after_decompression_and_compression(
    server: Server, body: bytes, sent: str, accepted: str | None
) -> None:
    headers = BINARY | {"Content-Encoding": sent, "Accept-Encoding": accepted or "identity"}
    with connected(server) as connection:
        answer = ask(connection, "POST", "/mirror", headers, compress(body, sent))
    coding = accepted if len(body) >= MINIMUM else None
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, coding)
    assert DECODE[coding](answer.body) == body


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_body_without_a_coding_arrives_unchanged(server: Server, coding: str) -> None:
    assert echo(server, b"abc", coding).json["size"] == 3


def test_name_of_a_coding_is_case_insensitive(server: Server) -> None:
    assert echo(server, gzip.compress(b"abc"), "GZip").json["size"] == 3


def test_content_encoding_without_a_body_is_accepted(server: Server) -> None:
    assert get(server, "/photos/1", **{"Content-Encoding": "gzip"}).status == 200


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"abc"),
        ("x-gzip", gzip.compress(b"abc")),
        ("gzip, gzip", gzip.compress(gzip.compress(b"abc"))),
        ("gzip", b"abc"),
        ("gzip", zlib.compress(b"abc")),
        ("deflate", gzip.compress(b"abc")),
        ("gzip", gzip.compress(b"abc")[:-1]),
        ("gzip", gzip.compress(b"abc")[:-8] + bytes(8)),
        ("deflate", zlib.compress(b"abc") + b"x"),
    ],
)
def test_body_that_cannot_be_decompressed_is_415(server: Server, coding: str, body: bytes) -> None:
    answer = post(server, "/echo", body, Content_Type="text/plain", Content_Encoding=coding, Origin=ORIGIN)
    assert (answer.status, answer.json["error"]) == (415, "UnsupportedMediaType")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_size_limit_applies_to_the_decompressed_body(server: Server, coding: str) -> None:
    assert echo(server, compress(b"x" * BODY_LIMIT, coding), coding).json["size"] == BODY_LIMIT
    answer = echo(server, compress(b"x" * (BODY_LIMIT + 1), coding), coding)
    assert (answer.status, answer.json["error"]) == (413, "TooLarge")


def test_decompression_bomb_is_not_expanded() -> None:
    bomb = compress(bytes(10 * BODY_LIMIT), "gzip")
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decompress(bomb, "gzip", BODY_LIMIT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * BODY_LIMIT
