"""A signed-in user of a running service."""

from typing import Any

import jwt

from chalicelib.auth.restored_users import find_account
from tests.support.rest import post_form, put
from tests.support.service import Service


class Person:
    """A signed-in user."""

    def __init__(self, service: Service, name: str = "ann", email: str = "") -> None:
        self.service, self.token = service, service.sign_up(email or service.address(name))

    @property
    def user_id(self) -> str:
        """The id of the account."""
        return find_account(jwt.decode(self.token, options={"verify_signature": False}))

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        """Send a request, and return the body of the response. Fail if it has another status."""
        answer = self.service.call(method, path, body, self.token, **query)
        assert answer.status == status, answer
        return answer.json if answer.content else None

    def create_album(self, name: str = "Sea") -> str:
        """Create an album, and return its id."""
        return str(self.ask("POST", "/albums", {"name": name}, 201)["albumId"])

    def send(self, content: bytes, **fields: Any) -> str:
        """Upload a photo, and return its id."""
        grant = self.service.grant(self.token, **fields)
        assert (post_form if grant["method"] == "POST" else put)(grant, content) in (200, 201)
        return str(grant["photoId"])

    def upload(self, content: bytes, **fields: Any) -> str:
        """Upload a photo, wait until it is ready, and return its id."""
        return str(self.service.wait_ready(self.send(content, **fields), self.token)["photoId"])

    def status_of(self, photo_id: str) -> str:
        """Return the status of a photo, or `gone`."""
        answer = self.service.call("GET", f"/photos/{photo_id}", token=self.token)
        return str(answer.json["status"]) if answer.status == 200 else "gone"

    def await_status(self, photo_id: str, status: str) -> None:
        """Wait until a photo has this status, or is `gone`."""
        self.service.wait(lambda: self.status_of(photo_id) == status)
