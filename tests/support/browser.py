"""A browser: it keeps cookies, and follows a redirect only if the test requests it."""

from http.cookies import SimpleCookie
from typing import Any

from tests.support.cloud import Answer, Client, Cloud
from tests.support.idp import IdentityProvider


class Browser:
    """A client that stores cookies and sends them with each request."""

    def __init__(self, cloud: Cloud, client: Client | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self._idp, self._client = cloud.idp, client or cloud.visitor

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        """Send a request with the stored cookies. Store the cookies of the response."""
        cookies = (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        )
        answer = self._client.call(method, path, body, cookies | (headers or {}), **query)
        for name, cookie in answer.cookies.items():
            morsel = SimpleCookie(cookie)[name]
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answer

    def begin(self, **query: Any) -> str:
        """Start a sign-in. Return the URL of the hosted UI."""
        answer = self.call("GET", "/login", **query)
        assert answer.status == 302
        return str(answer.headers["Location"])

    def back(self, returned: dict[str, Any], **headers: str) -> Answer:
        """Send the callback request, with the query that the hosted UI returned."""
        return self.call("GET", "/callback", None, headers, **returned)

    def sign_in(self, name: str = "ann", return_to: str = "/", **changes: Any) -> Answer:
        """Sign in on the hosted UI and send the callback request. `changes` are changes of the ID token's claims."""
        return self.back(self._idp.authorize(self.begin(returnTo=return_to), name, **changes))


def authorize_sign_in(browser: Browser, idp: IdentityProvider, **changes: Any) -> dict[str, str]:
    """Begin a sign-in and authorize it at the identity provider. Return the query of the callback."""
    return idp.authorize(browser.begin(), "ann", **changes)


def status_and_error(answer: Answer) -> tuple[int, str]:
    """Return the status and the error name of an answer."""
    return answer.status, answer.json["error"]
