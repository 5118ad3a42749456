"""The local cloud itself: restarts, speed, and `chalice local` beside it."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.images import photo as make_photo
from tests.support.paths import ROOT
from tests.support.processes import function_processes
from tests.support.rest import PASSWORD, answers, environment, free_port, post_form, put, send, wait_until
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("local")

BIG = make_photo(4000, 3000)


def test_photos_survive_a_restart_between_upload_and_download(local: Local) -> None:
    token = local.sign_up("ann@example.com")
    by_put = local.grant(token, size=len(BIG), sha256=hashlib.sha256(BIG).hexdigest(), title="By PUT")
    assert put(by_put, BIG) == 200
    by_form = local.grant(token, method="POST", title="By form")
    assert post_form(by_form, BIG) == 201
    for grant in (by_put, by_form):
        photo = local.wait_ready(grant["photoId"], token)
        assert (photo["width"], photo["height"]) == (4000, 3000)
        assert photo["exif"]["camera"]
        assert photo["exif"]["latitude"]

    local.stop()
    local.start()

    listed = local.call("GET", "/photos", token=token, scope="mine").json
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


def test_photo_of_24_megapixels_becomes_ready(local: Local) -> None:
    token = local.sign_up("hans@example.com")
    photo = make_photo(6000, 4000)
    grant = local.grant(token)
    assert put(grant, photo) == 200
    start = time.monotonic()
    assert local.wait_ready(grant["photoId"], token)["width"] == 6000
    print(f"ready after {time.monotonic() - start:.2f} s")


def test_plain_chalice_local_serves_the_same_environment(local: Local) -> None:
    token = local.sign_up("gina@example.com")
    port = free_port()
    chalice = Path(sys.executable).parent / "chalice"
    script = f'. "{local.data}/env"; exec "{chalice}" local --port {port} --no-autoreload'
    child = subprocess.Popen(["bash", "-c", script], cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/health"), 30)
        assert send("GET", f"{url}/account").status == 401
        assert send("GET", f"{url}/account", headers={"Authorization": f"Bearer {token}"}).status == 200
        assert send("GET", f"{url}/account", headers={"Authorization": f"Bearer {forge_token(token)}"}).status == 401
    finally:
        child.terminate()
        child.wait(10)


def forge_token(token: str) -> str:
    """Return an unsigned token with the same claims and `alg: none`."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def is_empty(sqs: Any, url: str) -> bool:
    """Return whether a queue has no visible messages."""
    name = "ApproximateNumberOfMessages"
    return bool(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"] == {name: "0"})


def test_dead_jobs_and_upload_events_of_a_local_cloud_are_redriven(local: Local) -> None:
    sqs, dead = local.client("sqs"), {"jobs": {"job": "settle", "photoId": "gone"}, "uploads": {"Records": []}}
    urls = {name: sqs.get_queue_url(QueueName=f"photoshare-local-{name}-dead")["QueueUrl"] for name in dead}
    for name, message in dead.items():
        sqs.send_message(QueueUrl=urls[name], MessageBody=json.dumps(message))
    command = [sys.executable, "-m", "release.redrive", "local", str(local.data)]
    subprocess.run(command, cwd=ROOT, env=environment(), check=True)
    for url in (*urls.values(), *(url.removesuffix("-dead") for url in urls.values())):
        local.wait(partial(is_empty, sqs, url))


def test_crashed_function_is_started_again(local: Local) -> None:
    token = local.sign_up(local.address("lea"))
    crashed = function_processes(local.port, "confirm_upload")
    for process in crashed:
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: len(set(function_processes(local.port, "confirm_upload")) - set(crashed)) == os.cpu_count(), 10)
    grant = local.grant(token)
    assert put(grant, make_photo(64, 48)) == 200
    local.wait_ready(grant["photoId"], token)
    assert len(crashed) == os.cpu_count()
    assert "The function confirm_upload ended with status -9" in local.read_output()


def test_no_function_outlives_a_killed_local_cloud(local: Local) -> None:
    assert function_processes(local.port)
    local.stop(signal.SIGKILL)
    try:
        wait_until(lambda: function_processes(local.port) == [], 10)
    finally:
        local.start()


def test_forgotten_password_is_reset_by_the_mailed_code(local: Local) -> None:
    email = local.address("hugo")
    local.sign_up(email)
    old = {"email": email, "password": PASSWORD}
    before = local.call("POST", "/login", old).json
    time.sleep(1)  # The emulator revokes only tokens of earlier seconds.
    answers = [local.call("POST", "/password/forgot", {"email": sent_to}) for sent_to in (email, "x@example.com")]
    assert [(answer.status, answer.content) for answer in answers] == [(202, b"{}")] * 2

    def reset(code: str, password: str) -> tuple[int, str]:
        answer = local.call("POST", "/password/reset", {"email": email, "code": code, "password": password})
        return answer.status, answer.json["error"] if answer.content else ""

    code = local.mailed_code(email, mails=2)
    assert reset("000000", "Newer-horse-8") == (400, "InvalidCode")
    assert reset(code, "short") == (400, "InvalidPassword")
    assert reset(code, "Newer-horse-8") == (204, "")
    assert reset(code, PASSWORD) == (400, "InvalidCode")
    assert local.call("POST", "/token", {"refreshToken": before["refreshToken"]}).status == 401
    assert local.call("POST", "/login", old).status == 401
    assert local.call("POST", "/login", old | {"password": "Newer-horse-8"}).status == 200
