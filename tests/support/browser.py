"""A browser as the service meets it: it keeps cookies, and goes where it is sent when told to."""

from http.cookies import SimpleCookie
from typing import Any

from tests.support.cloud import Answer, Client, Cloud
from tests.support.idp import IdentityProvider


class Browser:
    """Cookies, and requests that carry them."""

    def __init__(self, cloud: Cloud, client: Client | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self._idp, self._client = cloud.idp, client or cloud.visitor

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        """One request, with the cookies so far; those of the answer are kept."""
        held = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        answer = self._client.call(method, path, body, held | (headers or {}), **query)
        for name, whole in answer.cookies.items():
            morsel = SimpleCookie(whole)[name]
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answer

    def begin(self, **query: Any) -> str:
        """Start a sign-in: where the hosted UI is."""
        answer = self.call("GET", "/login", **query)
        assert answer.status == 302
        return str(answer.headers["Location"])

    def back(self, returned: dict[str, Any], **headers: str) -> Answer:
        """Come back from the hosted UI."""
        return self.call("GET", "/callback", None, headers, **returned)

    def sign_in(self, name: str = "ann", return_to: str = "/", **changes: Any) -> Answer:
        """Start, sign in there, come back. `changes`: to the ID token's claims."""
        return self.back(self._idp.authorize(self.begin(returnTo=return_to), name, **changes))


def authorize_sign_in(browser: Browser, idp: IdentityProvider, **changes: Any) -> dict[str, str]:
    """Begin a sign-in and authorize it at the identity provider. Return the query of the callback."""
    return idp.authorize(browser.begin(), "ann", **changes)


def status_and_error(answer: Answer) -> tuple[int, str]:
    """Return the status and the error name of an answer."""
    return answer.status, answer.json["error"]
