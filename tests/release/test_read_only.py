"""The command makes a stage read-only and back, and the API of a read-only stage refuses every change."""

from types import SimpleNamespace
from typing import Any

import pytest

import app as service
from chalicelib import wiring
from chalicelib.domain.ids import UserId
from chalicelib.domain.share_links import decode_token
from release.read_only import main, set_read_only
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.images import photo as make_photo
from tests.support.links import create_link, open_link

BACKGROUND = ["confirm_upload", "reconcile", "run_job", "sweep"]


class NoAlias(Exception):
    pass


class FakeLambda:
    """Lambda with the functions of one stage. `versions` has the variables of each version of an API with an alias."""

    exceptions = SimpleNamespace(ResourceNotFoundException=NoAlias)

    def __init__(self, *, has_alias: bool = False) -> None:
        self.variables, self.stopped = {"A": "1"}, set[str]()
        self.updates = 0
        self.versions, self.alias = [{"A": "1"}] if has_alias else [], 0

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:
        assert FunctionName == "photoshare-prod"
        return {"Environment": {"Variables": self.variables}}

    def update_function_configuration(self, FunctionName: str, Environment: dict[str, dict[str, str]]) -> None:
        assert FunctionName == "photoshare-prod"
        self.variables, self.updates = Environment["Variables"], self.updates + 1

    def put_function_concurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> None:
        assert ReservedConcurrentExecutions == 0
        self.stopped.add(FunctionName)

    def delete_function_concurrency(self, FunctionName: str) -> None:
        self.stopped.discard(FunctionName)

    def get_waiter(self, name: str) -> Any:
        assert name == "function_updated_v2"
        return type("Waiter", (), {"wait": staticmethod(lambda FunctionName: FunctionName)})

    def get_alias(self, FunctionName: str, Name: str) -> None:
        assert (FunctionName, Name) == ("photoshare-prod", "live")
        if not self.versions:
            raise NoAlias

    def publish_version(self, FunctionName: str) -> dict[str, str]:
        assert FunctionName == "photoshare-prod"
        if self.variables != self.versions[-1]:
            self.versions.append(self.variables)
        return {"Version": str(len(self.versions) - 1)}

    def update_alias(self, FunctionName: str, Name: str, FunctionVersion: str) -> None:
        assert (FunctionName, Name) == ("photoshare-prod", "live")
        self.alias = int(FunctionVersion)


def test_stage_becomes_read_only_and_writes_again() -> None:
    lambdas = FakeLambda()
    for _ in range(2):
        set_read_only(lambdas, "prod", is_on=True)
    assert lambdas.variables == {"A": "1", "READ_ONLY": "1"}
    assert lambdas.stopped == {f"photoshare-prod-{name}" for name in BACKGROUND}
    for _ in range(2):
        set_read_only(lambdas, "prod", is_on=False)
    assert (lambdas.variables, lambdas.stopped, lambdas.updates) == ({"A": "1"}, set(), 2)


def test_api_with_an_alias_uses_the_changed_version() -> None:
    lambdas = FakeLambda(has_alias=True)
    for is_on, variables in ((True, {"A": "1", "READ_ONLY": "1"}), (False, {"A": "1"})):
        for _ in range(2):
            set_read_only(lambdas, "prod", is_on=is_on)
            assert lambdas.versions[lambdas.alias] == variables
    assert len(lambdas.versions) == 3


def test_unknown_argument_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("release.read_only.boto3.client", lambda _: FakeLambda())
    with pytest.raises(ValueError, match="--of"):
        main("prod", "--of")


def test_read_only_api_refuses_every_change_and_serves_all_reads(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = cloud.person("ann")
    photo = cloud.upload(ann, make_photo(64, 48))
    monkeypatch.setenv("READ_ONLY", "1")
    wiring.settings.cache_clear()
    refused = set()
    for path, methods in service.app.routes.items():
        address = path.replace("{photo_id}", photo.photo_id).replace("{album_id}", photo.photo_id)
        for method in methods.keys() - {"GET", "HEAD", "OPTIONS"}:
            if path.split("/")[1] in ("token", "login", "logout", "signup", "password", "share"):
                continue
            answer = ann.call(method, address, {})
            assert (answer.status, answer.json["error"], answer.headers["Retry-After"]) == (503, "Busy", "60"), path
            refused.add((method, path))
    assert len(refused) > 20
    assert {("POST", "/upload"), ("DELETE", "/account"), ("PATCH", "/photos/{photo_id}")} <= refused
    assert ann.get(f"/photos/{photo.photo_id}").status == 200
    assert ann.get("/photos", scope="mine").json["items"]
    assert ann.call("POST", "/logout/everywhere", None).status != 503
    assert cloud.photo(photo.photo_id) == photo
    monkeypatch.delenv("READ_ONLY")
    wiring.settings.cache_clear()
    assert ann.delete(f"/photos/{photo.photo_id}").status == 204


def clear_settings() -> None:
    for cached in (wiring.settings, wiring.accounts, wiring.share_links):
        cached.cache_clear()


def test_reads_of_a_read_only_api_write_nothing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob, bob_id = cloud.person("ann"), cloud.person("bob"), UserId("bob")
    Cognito(cloud).answers["GetUser"] = {
        "UserAttributes": [{"Name": "sub", "Value": "bob"}, {"Name": "email", "Value": "bob@example.com"}]
    }
    album = f"/albums/{ann.post('/albums', {'name': 'Quay'}).json['albumId']}"
    path = create_link(ann, album, password="quay")
    token = decode_token(path.removeprefix("/shared/"))
    assert token
    assert [open_link(bob, path, password).status for password in ("wrong", "quay")] == [401, 200]
    before = wiring.stores().links.read_with_link(token.album_id, token.link_id)
    monkeypatch.setenv("READ_ONLY", "1")
    clear_settings()
    # Neither password is checked, so a visitor cannot guess without a limit.
    for password in ("wrong", "quay"):
        answer = open_link(bob, path, password)
        assert (answer.status, answer.json["error"], answer.headers["Retry-After"]) == (503, "Busy", "60")
    assert wiring.stores().links.read_with_link(token.album_id, token.link_id) == before
    assert bob.get("/account").status == 200
    assert wiring.stores().accounts.get_account(bob_id).created_at is None
    monkeypatch.delenv("READ_ONLY")
    clear_settings()
    assert bob.get("/account").status == 200
    assert wiring.stores().accounts.get_account(bob_id).created_at
