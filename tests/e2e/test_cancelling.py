"""Cancel an account, and kill the worker that purges it."""

import subprocess
import sys
import time
from hashlib import sha256

from tests.support.images import photo as make_photo
from tests.support.paths import ROOT
from tests.support.rest import PASSWORD, environment, put, send
from tests.support.service import Service

SMALL = make_photo(320, 240)
DIGEST = sha256(SMALL).hexdigest()


def test_cancelled_account_is_rejected_at_once_and_then_deleted(service: Service) -> None:
    hal = service.address("hal")
    token, other = service.sign_up(hal), service.sign_up(service.address("ivy"))
    refresh = service.call("POST", "/login", {"email": hal, "password": PASSWORD}).json["refreshToken"]
    photos = {}
    for user_token in (token, other):
        grant = service.grant(user_token, size=len(SMALL), sha256=DIGEST)
        assert put(grant, SMALL) == 200
        photos[user_token] = service.wait_ready(grant["photoId"], user_token)["photoId"]
    rendition = service.call("GET", f"/photos/{photos[token]}").json["renditions"]["256"]
    unused = service.grant(token, title="On its way")
    time.sleep(1)  # The emulator revokes only tokens from an earlier second.

    answer = service.call("DELETE", "/account", token=token)
    assert (answer.status, answer.json) == (202, {"status": "cancelling"})
    for method, path in (("GET", "/photos"), ("GET", "/account"), ("DELETE", "/account"), ("GET", "/trash")):
        assert service.call(method, path, token=token).status == 401

    def is_gone() -> bool:
        return service.call("GET", f"/photos/{photos[token]}").status == 404 and send("GET", rendition).status == 404

    service.wait(is_gone)
    service.wait(lambda: service.call("POST", "/token", {"refreshToken": refresh}).status == 401)
    assert service.call("POST", "/login", {"email": hal, "password": PASSWORD}).status == 401
    assert put(unused, SMALL) == 200
    assert service.call("GET", f"/photos/{unused['photoId']}", token=other).status == 404
    assert service.call("GET", f"/photos/{photos[other]}", token=other).json["sha256"] == DIGEST
    again = service.sign_up(hal)
    assert service.call("GET", "/account", token=again).json["photoCount"] == 0
    assert service.grant(again, sha256=DIGEST)["photoId"] != photos[token]


def test_purge_finishes_although_its_worker_is_killed_repeatedly() -> None:
    command = [sys.executable, "-m", "bench.cancel", "--photos", "60", "--kills", "3"]
    result = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert (result.returncode, "leftovers=[], touched=[]" in result.stdout) == (0, True), result
