"""A REST client and the local cloud: real signatures, tokens and events."""

import base64
import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import (
    PASSWORD,
    ROOT,
    Local,
    answers,
    environment,
    free_port,
    hosted_ui,
    post_form,
    put,
    send,
    wait_until,
)
from tests.support.images import photo as make_photo

pytestmark = pytest.mark.xdist_group("local")

BIG = make_photo(4000, 3000)
SMALL = make_photo(320, 240)


def test_photos_survive_a_restart_between_upload_and_download(local: Local) -> None:
    token = local.sign_up("ann@example.com")
    begun = time.monotonic()
    by_put = local.grant(token, size=len(BIG), sha256=hashlib.sha256(BIG).hexdigest(), title="By PUT")
    assert put(by_put, BIG) == 200
    by_form = local.grant(token, method="POST", title="By form")
    assert post_form(by_form, BIG) == 201
    for grant in (by_put, by_form):
        photo = local.ready(grant["photoId"], token)
        assert (photo["width"], photo["height"]) == (4000, 3000)
        assert photo["exif"]["camera"]
        assert photo["exif"]["latitude"]
    assert time.monotonic() - begun < 15

    local.stop()
    local.start()

    listed = local.call("GET", "/photos", token=token).json
    ids = {by_put["photoId"], by_form["photoId"]}
    assert ids <= {item["photoId"] for item in listed["items"]}
    for photo_id in ids:
        link = local.call("GET", f"/photos/{photo_id}/download", token=token).json
        assert send("GET", link["url"]).content == BIG
        copy = local.call("GET", f"/photos/{photo_id}/download").json
        content = send("GET", copy["url"])
        assert len(content.content) == copy["size"]
        assert content.headers["Content-Type"] == copy["contentType"]
        for url in local.call("GET", f"/photos/{photo_id}").json["renditions"].values():
            assert send("GET", url).status == 200
        path = f"/photos/{photo_id}"
        assert local.call("DELETE", path, token=token, permanent="true").status == 204
        assert local.call("GET", path, token=token).status == 404
        assert send("GET", link["url"]).status == 404
    account = local.call("GET", "/account", token=token).json
    assert account["email"] == "ann@example.com"
    assert (account["photoCount"], account["bytes"]) == (0, 0)


def test_24_megapixels_are_ready_within_three_seconds_of_their_upload(local: Local) -> None:
    token = local.sign_up("hans@example.com")
    photo = make_photo(6000, 4000)
    grant = local.grant(token)
    assert put(grant, photo) == 200
    begun = time.monotonic()
    assert local.ready(grant["photoId"], token)["width"] == 6000
    taken = time.monotonic() - begun
    print(f"ready after {taken:.2f} s")
    assert taken < 3


def test_storage_takes_only_what_was_granted(local: Local) -> None:
    token = local.sign_up("bob@example.com")
    facts = {"size": len(SMALL), "sha256": hashlib.sha256(SMALL).hexdigest()}
    other = bytes(len(SMALL))

    grant = local.grant(token, **facts)
    assert put(grant, SMALL + b"x", **{"Content-Length": str(len(SMALL) + 1)}) == 403
    assert put(grant, SMALL, **{"Content-Type": "text/html"}) == 403
    assert put(grant, other) == 400
    moved = grant | {"uploadUrl": grant["uploadUrl"].replace(grant["photoId"], "01900000-0000-7000-8000-000000000000")}
    assert put(moved, SMALL) == 403
    without = {name: value for name, value in grant["headers"].items() if name != "If-None-Match"}
    assert put(grant | {"headers": without}, SMALL) == 403
    assert local.call("GET", f"/photos/{grant['photoId']}", token=token).json["status"] == "pending"
    assert put(grant, SMALL) == 200
    assert put(grant, SMALL) == 412

    form = local.grant(token, method="POST", size=len(SMALL))
    assert post_form(form, SMALL + b"x") == 400
    assert post_form(form, SMALL) == 201
    assert local.ready(form["photoId"], token)["sha256"] == facts["sha256"]
    assert post_form(form, other) == 201, "a form can be replayed"
    time.sleep(2)
    link = local.call("GET", f"/photos/{form['photoId']}/download", token=token).json
    assert send("GET", link["url"]).content == SMALL


def test_bytes_that_are_no_photo_end_as_rejected_with_a_reason(local: Local) -> None:
    token = local.sign_up("carol@example.com")
    grant = local.grant(token)
    assert put(grant, b"<svg onload=alert(1)>") == 200
    refused = local.call("POST", f"/photos/{grant['photoId']}/complete", token=token)
    assert (refused.status, refused.json["error"]) == (422, "NotAnImage")
    shown = local.call("GET", f"/photos/{grant['photoId']}", token=token).json
    assert (shown["status"], shown["rejection"]) == ("rejected", "NotAnImage")
    unused = local.grant(token)
    absent = local.call("POST", f"/photos/{unused['photoId']}/complete", token=token)
    assert (absent.status, absent.json["error"]) == (409, "NotUploaded")


def test_hosted_ui_sign_in_refresh_and_logout(local: Local) -> None:
    local.sign_up("dora@example.com")
    begun = send("GET", f"{local.url}/login?returnTo=/%3Fphoto=1")
    assert begun.status == 302
    callback = hosted_ui(local.aws_url, begun.headers["Location"], "dora@example.com")
    cookie = begun.cookies[0].partition(";")[0]

    stranger = send("GET", callback)
    assert (stranger.status, stranger.json["error"]) == (400, "InvalidState")
    finished = send("GET", callback, headers={"Cookie": cookie})
    assert (finished.status, finished.headers["Location"]) == (302, f"{local.url}/?photo=1")
    replayed = send("GET", callback, headers={"Cookie": cookie})
    assert (replayed.status, replayed.json["error"]) == (400, "LoginFailed")

    kept = next(each for each in finished.cookies if each.startswith("__Host-refresh="))
    assert "HttpOnly" in kept
    own_page = {"Cookie": kept.partition(";")[0], "X-Requested-With": "photoshare"}
    assert send("POST", f"{local.url}/token", headers={"Cookie": own_page["Cookie"]}).status == 403
    tokens = send("POST", f"{local.url}/token", headers=own_page)
    assert "refreshToken" not in tokens.json
    assert local.call("GET", "/account", token=tokens.json["accessToken"]).json["email"] == "dora@example.com"
    assert local.call("GET", "/account", token=tokens.json["idToken"]).status == 401

    out = send("POST", f"{local.url}/logout", headers=own_page)
    assert out.status == 200
    assert out.json["logoutUrl"].startswith(local.aws_url)
    assert send("POST", f"{local.url}/token", headers=own_page).status == 401


def test_sign_up_mistakes_are_told_apart_only_where_that_is_safe(local: Local) -> None:
    local.sign_up("erin@example.com")

    def post(path: str, **body: str) -> tuple[int, str]:
        answer = local.call("POST", path, body)
        return answer.status, answer.json.get("error", "") if answer.content else ""

    assert post("/signup", email="erin@example.com", password=PASSWORD) == (409, "AlreadyRegistered")
    assert post("/signup", email="frank@example.com", password="short") == (400, "InvalidPassword")
    assert post("/signup", email="no address", password=PASSWORD)[0] == 400
    wrong = post("/login", email="erin@example.com", password="Wrong-horse-7")
    assert wrong == post("/login", email="nobody@example.com", password=PASSWORD) == (401, "InvalidCredentials")
    assert post("/signup/resend", email="nobody@example.com") == post("/signup/resend", email="erin@example.com")
    assert post("/signup/confirm", email="nobody@example.com", code="123456") == (400, "InvalidCode")


def test_plain_chalice_local_serves_the_same_environment(local: Local) -> None:
    token = local.sign_up("gina@example.com")
    port = free_port()
    chalice = Path(sys.executable).parent / "chalice"
    script = f'set -a; . "{local.data}/env"; exec "{chalice}" local --port {port} --no-autoreload'
    child = subprocess.Popen(["bash", "-c", script], cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/health"), 30)
        assert send("GET", f"{url}/account").status == 401
        assert send("GET", f"{url}/account", headers={"Authorization": f"Bearer {token}"}).status == 200
        assert send("GET", f"{url}/account", headers={"Authorization": f"Bearer {forged(token)}"}).status == 401
    finally:
        child.terminate()
        child.wait(10)


def forged(token: str) -> str:
    """The same claims under `alg: none`."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."
