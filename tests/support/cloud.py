"""The service on moto: clients that call it, and its storage, events and jobs."""

import json
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec
import pytest
import time_machine

import app as service
from chalicelib import wiring
from chalicelib.auth.cognito import UserPool
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from local.gateway import Gateway, PoolAuthorizer
from tests.support import contract
from tests.support.contract import Exchange
from tests.support.idp import IdentityProvider
from tests.support.policies import Recorder, as_test_code
from tests.support.stored.facts import Stored

SERVER_ERRORS: list[str] = []
"""The 500 responses of the current test. No request of a client may cause one."""


class Answer(msgspec.Struct, frozen=True):
    """An HTTP response."""

    status: int
    headers: dict[str, Any]
    body: str

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)

    @property
    def cookies(self) -> dict[str, str]:
        """The values of the `Set-Cookie` headers, by the name of the cookie."""
        cookies = self.headers.get("Set-Cookie", [])
        return {cookie.partition("=")[0]: cookie for cookie in ([cookies] if isinstance(cookies, str) else cookies)}


class Client:
    """A client of the service, with or without an access token."""

    def __init__(self, gateway: Gateway, recorder: Recorder, user_id: str = "", token: str = "") -> None:
        self.user_id, self.token, self._gateway, self._recorder = user_id, token, gateway, recorder

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        """Send one request. Encode `body` as JSON unless it is bytes."""
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
            result = self._gateway.handle(method, target, message, raw, "192.0.2.1")
            answer = Answer(
                result["statusCode"], result["headers"] | result.get("multiValueHeaders", {}), result["body"] or ""
            )
            if "X-Amz-" in answer.body:
                self._recorder.note_links(answer.json)
        if result["statusCode"] == 500:
            SERVER_ERRORS.append(f"{method} {target}: {result['body']}")
        contract.check(Exchange(method, target, raw, answer.status, answer.headers, answer.body))
        return answer

    def get(self, path: str, **query: Any) -> Answer:
        """Send a GET request."""
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a POST request."""
        return self.call("POST", path, body, headers)

    def patch(self, path: str, body: Any) -> Answer:
        """Send a PATCH request."""
        return self.call("PATCH", path, body)

    def delete(self, path: str, **query: Any) -> Answer:
        """Send a DELETE request."""
        return self.call("DELETE", path, **query)


class Cloud:
    """A deployment of the service, with `stored` to look behind its stores."""

    def __init__(self, idp: IdentityProvider, stored: Stored) -> None:
        self.idp, self.settings, self.stored = idp, wiring.settings(), stored
        self.store, self.bucket, self.albums = wiring.stores().photos, wiring.bucket(), wiring.stores().albums
        self.accounts = wiring.stores().accounts
        self.all_calls: list[str] = []
        """The calls to AWS and the statements of a database so far."""
        self.recorder = Recorder()
        self.gateway = Gateway(service.app, self.settings)
        self._unguarded = Gateway(service.app, self.settings)
        self._unguarded._pool = _AcceptAnyToken(self.settings.jwks_url, self.settings.issuer)
        self.visitor = Client(self.gateway, self.recorder)
        self.s3: Any = self.bucket._s3
        for client in self.clients:
            client.meta.events.register("before-call", self._count)
            self.recorder.watch(client)

    @property
    def clients(self) -> list[Any]:
        """The client of S3, of the database and of SQS."""
        return [self.s3, self.stored.client, wiring.queue()._sqs]

    @property
    def dynamodb(self) -> Any:
        """The client of DynamoDB. Skip the test if the stores are on another database."""
        if self.settings.database_url:
            pytest.skip("The test is about the rows or calls of DynamoDB.")
        return self.stored.client

    @property
    def calls(self) -> list[str]:
        """The calls to AWS so far. Skip the test if the stores make other calls."""
        if self.settings.database_url:
            pytest.skip("The test counts the calls to AWS.")
        return self.all_calls

    def user_pool(self) -> UserPool:
        """Return the adapter for Cognito that the service uses."""
        return wiring.user_pool()

    def person(self, name: str) -> Client:
        """Return the client of a signed-in user."""
        return Client(self.gateway, self.recorder, name, self.idp.token(name))

    def bearing(self, token: str, *, unguarded: bool = False) -> Client:
        """Return a client with this token. If `unguarded`, the gateway does not check it, as with `chalice local`."""
        return Client(self._unguarded if unguarded else self.gateway, self.recorder, token=token)

    def grant(self, owner: Client, **fields: Any) -> dict[str, Any]:
        """Request an upload grant for a JPEG."""
        answer = owner.post("/upload", {"filename": "photo.jpg", "contentType": "image/jpeg", **fields})
        assert answer.status == 201, answer
        return dict(answer.json)

    def put(self, grant: dict[str, Any], content: bytes) -> str:
        """Upload under a grant, without an event. Return the version of the object."""
        headers = grant.get("headers") or grant["fields"]
        metadata = {name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if "x-amz-meta-" in name}
        stored = as_test_code(self.s3.put_object)(
            Bucket=self.settings.originals_bucket, Key=grant["s3Key"], Body=content, Metadata=metadata
        )
        return str(stored["VersionId"])

    def upload(self, owner: Client, content: bytes, **fields: Any) -> Photo:
        """Upload a photo and deliver its event. Return the photo."""
        grant = self.grant(owner, **fields)
        self.deliver(created(grant["s3Key"], self.put(grant, content)))
        return self.photo(grant["photoId"])

    def deliver(self, *records: dict[str, Any]) -> None:
        """Deliver an S3 event."""
        with self.recorder.during("confirm-upload"):
            service.confirm_upload({"Records": list(records)}, None)

    def sweep(self, now: datetime) -> int:
        """Run the schedule. Return the number of jobs that it enqueued."""
        with self.recorder.during("sweep"), time_machine.travel(now):
            return wiring.jobs().sweep()

    def work(self, body: str, now: datetime) -> None:
        """Run the job of a queue message."""
        with self.recorder.during("run-job"), time_machine.travel(now):
            wiring.jobs().handle(body)

    def photo(self, photo_id: str) -> Photo:
        """Return the stored photo."""
        photo = self.store.get_photo(PhotoId(photo_id))
        assert photo is not None
        return photo

    def originals(self) -> list[str]:
        """Return the key of every version of every original."""
        page = self.s3.list_object_versions(Bucket=self.settings.originals_bucket)
        return [version["Key"] for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]

    def renditions(self) -> list[str]:
        """Return the key of every rendition."""
        page = self.s3.list_objects_v2(Bucket=self.settings.renditions_bucket)
        return [entry["Key"] for entry in page.get("Contents", [])]

    def _count(self, model: Any, **_: Any) -> None:
        self.all_calls.append(model.name)


class _AcceptAnyToken(PoolAuthorizer):
    def verify(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {}


def created(key: str, version_id: str | None = None, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """Return a record of an S3 event for this object."""
    stored = {"key": quote_plus(key), "sequencer": "0055AED6DCD90281E5"}
    stored |= {"versionId": version_id} if version_id else {}
    return {"eventName": event, "s3": {"bucket": {"name": wiring.settings().originals_bucket}, "object": stored}}
