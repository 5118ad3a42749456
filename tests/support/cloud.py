"""The service as its callers meet it, and what lies behind it, in the domain's words."""

import json
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec
import time_machine

import app as service
from chalicelib import wiring
from chalicelib.auth.cognito import Identity
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from local.gateway import Gateway, PoolAuthorizer
from tests.support import contract
from tests.support.contract import Exchange
from tests.support.idp import IdentityProvider
from tests.support.policies import Recorder, aside

SERVER_ERRORS: list[str] = []
"""Every 500 of the test that runs: what a client sends must never cause one."""


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer."""

    status: int
    headers: dict[str, Any]
    body: str

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies it sets, whole, by their names."""
        found = self.headers.get("Set-Cookie", [])
        return {each.partition("=")[0]: each for each in ([found] if isinstance(found, str) else found)}


class Client:
    """Somebody who calls the service, with a token or without."""

    def __init__(self, gateway: Gateway, recorder: Recorder, user_id: str = "", token: str = "") -> None:
        self.user_id, self.token, self._gateway, self._recorder = user_id, token, gateway, recorder

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        """One request; `body` is sent as JSON unless it is bytes."""
        message = Message()
        if self.token:
            message["Authorization"] = f"Bearer {self.token}"
        if body is not None and "Content-Type" not in (headers or {}):
            message["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            message[name] = value
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        target = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}" if query else path
        with self._recorder.during("api"):
            made = self._gateway.answer(method, target, message, raw, "192.0.2.1")
            answer = Answer(made["statusCode"], made["headers"] | made.get("multiValueHeaders", {}), made["body"] or "")
            if "X-Amz-" in answer.body:
                self._recorder.note_links(answer.json)
        if made["statusCode"] == 500:
            SERVER_ERRORS.append(f"{method} {target}: {made['body']}")
        contract.check(Exchange(method, target, raw, answer.status, answer.headers, answer.body))
        return answer

    def get(self, path: str, **query: Any) -> Answer:
        """GET."""
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """POST."""
        return self.call("POST", path, body, headers)

    def patch(self, path: str, body: Any) -> Answer:
        """PATCH."""
        return self.call("PATCH", path, body)

    def delete(self, path: str, **query: Any) -> Answer:
        """DELETE."""
        return self.call("DELETE", path, **query)


class Cloud:
    """A deployment: callers, storage, events, and a count of what it asks of AWS."""

    def __init__(self, idp: IdentityProvider) -> None:
        self.idp, self.settings = idp, wiring.settings()
        self.store, self.bucket, self.albums = wiring.photo_store(), wiring.bucket(), wiring.album_store()
        self.accounts = wiring.account_store()
        self.calls: list[str] = []
        self.recorder = Recorder()
        self.gateway = Gateway(service.app, self.settings)
        self._unguarded = Gateway(service.app, self.settings)
        self._unguarded._pool = _Anyone(self.settings.jwks_url, self.settings.issuer)
        self.visitor = Client(self.gateway, self.recorder)
        self.s3: Any = self.bucket._s3
        self.dynamodb: Any = wiring.dynamodb()
        for client in self.clients:
            client.meta.events.register("before-call", self._count)
            self.recorder.watch(client)

    @property
    def clients(self) -> list[Any]:
        """Of every service of AWS but the user pool."""
        return [self.s3, self.dynamodb, wiring.queue()._sqs]

    def identity(self) -> Identity:
        """The user pool, as the service has it."""
        return wiring.identity()

    def person(self, name: str) -> Client:
        """Somebody who is signed in."""
        return Client(self.gateway, self.recorder, name, self.idp.token(name))

    def bearing(self, token: str, *, unguarded: bool = False) -> Client:
        """Somebody with this token; `unguarded`: where no gateway looks at it, as with `chalice local`."""
        return Client(self._unguarded if unguarded else self.gateway, self.recorder, token=token)

    def grant(self, owner: Client, **wanted: Any) -> dict[str, Any]:
        """Leave to upload a JPEG."""
        made = owner.post("/upload", {"filename": "photo.jpg", "contentType": "image/jpeg", **wanted})
        assert made.status == 201, made
        return dict(made.json)

    def put(self, grant: dict[str, Any], content: bytes) -> str:
        """Upload under a grant, without an event; the object's version."""
        headers = grant.get("headers") or grant["fields"]
        kept = {name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if "x-amz-meta-" in name}
        stored = aside(self.s3.put_object)(
            Bucket=self.settings.originals_bucket, Key=grant["s3Key"], Body=content, Metadata=kept
        )
        return str(stored["VersionId"])

    def upload(self, owner: Client, content: bytes, **wanted: Any) -> Photo:
        """Upload and confirm."""
        grant = self.grant(owner, **wanted)
        self.deliver(created(grant["s3Key"], self.put(grant, content)))
        return self.photo(grant["photoId"])

    def deliver(self, *records: dict[str, Any]) -> None:
        """An S3 event arrives."""
        with self.recorder.during("confirm-upload"):
            service.confirm_upload({"Records": list(records)}, None)

    def sweep(self, now: datetime) -> int:
        """The schedule runs; how many jobs it queued."""
        with self.recorder.during("sweep"), time_machine.travel(now):
            return wiring.jobs().sweep()

    def work(self, body: str, now: datetime) -> None:
        """The queue's handler gets a job."""
        with self.recorder.during("run-job"), time_machine.travel(now):
            wiring.jobs().handle(body)

    def photo(self, photo_id: str) -> Photo:
        """The photo's row."""
        found = self.store.photo(PhotoId(photo_id))
        assert found is not None
        return found

    def originals(self) -> list[str]:
        """Every version of every original."""
        found = self.s3.list_object_versions(Bucket=self.settings.originals_bucket)
        return [each["Key"] for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]]

    def renditions(self) -> list[str]:
        """Every rendition."""
        found = self.s3.list_objects_v2(Bucket=self.settings.renditions_bucket)
        return [each["Key"] for each in found.get("Contents", [])]

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)


class _Anyone(PoolAuthorizer):
    def claims(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {}


def created(key: str, version_id: str | None = None, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """A record of an S3 event."""
    stored = {"key": quote_plus(key), "sequencer": "0055AED6DCD90281E5"}
    stored |= {"versionId": version_id} if version_id else {}
    return {"eventName": event, "s3": {"bucket": {"name": wiring.settings().originals_bucket}, "object": stored}}
