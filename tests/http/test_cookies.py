"""The cookies of the browser: how they are set, which sites can use them, and when they are deleted."""

from email.message import Message
from http.cookies import SimpleCookie

import pytest

from tests.support.browser import Browser
from tests.support.cloud import Cloud
from tests.support.cognito import TOKENS, Cognito

ORIGIN = "http://localhost:8000"
LOGIN, REFRESH = "__Host-login", "__Host-refresh"
OWN_PAGE = {"X-Requested-With": "fetch"}
CREDENTIALS = {"email": "ann@example.com", "password": "Correct-horse-7"}
SIGNED_IN = {"AuthenticationResult": TOKENS["AuthenticationResult"] | {"RefreshToken": "first-refresh"}}
ROUTES = pytest.mark.parametrize("path", ["/token", "/logout"])


@pytest.fixture
def cognito(shared_cloud: Cloud) -> Cognito:
    return Cognito(shared_cloud)


@pytest.fixture
def browser(shared_cloud: Cloud) -> Browser:
    signed_in = Browser(shared_cloud)
    assert signed_in.sign_in().status == 302
    return signed_in


@pytest.mark.usefixtures("cognito")
def test_cookies_are_bound_to_the_host_and_hidden_from_scripts(shared_cloud: Cloud) -> None:
    browser = Browser(shared_cloud)
    login = browser.call("GET", "/login")
    callback = browser.back(shared_cloud.idp.authorize(login.headers["Location"], "ann"))
    logout = browser.call("POST", "/logout", headers=OWN_PAGE)
    set_cookies = [*login.cookies.items(), *callback.cookies.items(), *logout.cookies.items()]
    assert [name for name, _ in set_cookies] == [LOGIN, LOGIN, REFRESH, REFRESH]
    for name, set_cookie in set_cookies:
        morsel = SimpleCookie(set_cookie)[name]
        assert (morsel["path"], morsel["domain"]) == ("/", "")
        assert morsel["secure"]
        assert morsel["httponly"]
        assert morsel["samesite"] == ("Lax" if name == LOGIN else "Strict")
        assert len(set_cookie) <= 4096


def test_sign_in_stores_the_refresh_token_only_in_its_cookie(shared_cloud: Cloud) -> None:
    browser = Browser(shared_cloud)
    answer = browser.sign_in(return_to="/?album=1")
    assert answer.headers["Location"] == f"{ORIGIN}/?album=1"
    assert browser.cookies == {REFRESH: "refresh-ann"}
    assert answer.body == ""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_sign_in_replaces_an_earlier_session(shared_cloud: Cloud) -> None:
    browser = Browser(shared_cloud)
    browser.cookies = {REFRESH: "planted", LOGIN: "planted"}
    browser.sign_in("bob")
    assert browser.cookies == {REFRESH: "refresh-bob"}


def test_failed_sign_in_sets_no_cookie(shared_cloud: Cloud) -> None:
    browser = Browser(shared_cloud)
    answer = browser.sign_in(nonce="wrong")
    assert answer.status == 400
    assert answer.cookies == {}


def test_refresh_by_cookie_returns_tokens_without_the_refresh_token(browser: Browser, cognito: Cognito) -> None:
    answer = browser.call("POST", "/token", headers=OWN_PAGE)
    assert answer.status == 200
    tokens = {"accessToken": "fresh-access", "idToken": "fresh-id", "expiresIn": 3600, "tokenType": "Bearer"}
    assert answer.json == tokens
    assert answer.headers["Cache-Control"] == "no-store"
    assert cognito.asked[0][1]["AuthParameters"] == {"REFRESH_TOKEN": "refresh-ann"}


def test_refresh_by_body_also_returns_the_refresh_token(shared_cloud: Cloud, cognito: Cognito) -> None:
    answer = shared_cloud.visitor.post("/token", {"refreshToken": "kept"})
    assert answer.json["refreshToken"] == "kept"
    assert cognito.asked[0][1]["AuthParameters"] == {"REFRESH_TOKEN": "kept"}


def test_refresh_token_in_the_body_overrides_the_cookie(browser: Browser, cognito: Cognito) -> None:
    assert browser.call("POST", "/token", {"refreshToken": "kept"}).json["refreshToken"] == "kept"
    assert cognito.asked[0][1]["AuthParameters"] == {"REFRESH_TOKEN": "kept"}


@ROUTES
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Requested-With": ""},
        {"Origin": ORIGIN},
        *(
            {"Origin": origin} | OWN_PAGE
            for origin in (
                "null",
                "",
                "https://evil.example",
                f"{ORIGIN}.evil.example",
                "http://localhost:8001",
                "https://localhost:8000",
                "http://sub.localhost:8000",
                "https://app.example.com",
            )
        ),
    ],
)
def test_cookie_is_rejected_from_other_sites(
    browser: Browser, cognito: Cognito, path: str, headers: dict[str, str]
) -> None:
    answer = browser.call("POST", path, headers=headers)
    assert (answer.status, answer.json["error"]) == (403, "Forbidden")
    assert REFRESH in browser.cookies
    assert cognito.asked == []


@ROUTES
@pytest.mark.parametrize("headers", [OWN_PAGE, OWN_PAGE | {"Origin": ORIGIN}])
def test_cookie_is_accepted_from_its_own_site(
    browser: Browser, cognito: Cognito, path: str, headers: dict[str, str]
) -> None:
    assert browser.call("POST", path, headers=headers).status == 200
    assert len(cognito.asked) == 1


def test_refresh_without_a_token_is_401(shared_cloud: Cloud, cognito: Cognito) -> None:
    for cookies in ({}, {REFRESH: ""}, {LOGIN: "x"}, {"refresh": "x"}):
        browser = Browser(shared_cloud)
        browser.cookies = cookies
        assert browser.call("POST", "/token", headers=OWN_PAGE).status == 401
    assert cognito.asked == []


@pytest.mark.parametrize("code", ["NotAuthorizedException", "UserNotFoundException", "RefreshTokenReuseException"])
def test_refresh_token_that_cognito_rejects_is_401(browser: Browser, cognito: Cognito, code: str) -> None:
    cognito.refuse("InitiateAuth", code=code)
    answer = browser.call("POST", "/token", headers=OWN_PAGE)
    assert (answer.status, answer.json["error"]) == (401, "InvalidToken")


def test_logout_revokes_the_refresh_token_and_deletes_the_cookie(browser: Browser, cognito: Cognito) -> None:
    answer = browser.call("POST", "/logout", headers=OWN_PAGE)
    assert answer.json["logoutUrl"].endswith(
        "/logout?client_id=test-client&logout_uri=http%3A%2F%2Flocalhost%3A8000%2F"
    )
    assert [(name, parameters["Token"]) for name, parameters in cognito.asked] == [("RevokeToken", "refresh-ann")]
    assert browser.cookies == {}
    assert browser.call("POST", "/token", headers=OWN_PAGE).status == 401


def test_logout_everywhere_revokes_all_tokens_and_deletes_the_cookie(shared_cloud: Cloud, cognito: Cognito) -> None:
    ann = shared_cloud.person("ann")
    browser = Browser(shared_cloud, ann)
    browser.cookies = {REFRESH: "refresh-ann"}
    answer = browser.call("POST", "/logout/everywhere")
    assert (answer.status, "/logout?client_id=" in answer.json["logoutUrl"]) == (200, True)
    assert cognito.asked == [("GlobalSignOut", {"AccessToken": ann.token})]
    assert browser.cookies == {}


def test_logout_everywhere_with_a_revoked_token_also_deletes_the_cookie(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("GlobalSignOut", code="NotAuthorizedException")
    browser = Browser(shared_cloud, shared_cloud.person("ann"))
    browser.cookies = {REFRESH: "refresh-ann"}
    assert browser.call("POST", "/logout/everywhere").status == 200
    assert browser.cookies == {}


@pytest.mark.parametrize("headers", [OWN_PAGE, OWN_PAGE | {"Origin": ORIGIN}])
def test_password_sign_in_of_the_own_page_stores_the_refresh_token_only_in_its_cookie(
    shared_cloud: Cloud, cognito: Cognito, headers: dict[str, str]
) -> None:
    cognito.answers["InitiateAuth"] = SIGNED_IN
    browser = Browser(shared_cloud)
    browser.cookies = {LOGIN: "pending", REFRESH: "planted"}
    answer = browser.call("POST", "/login", CREDENTIALS, headers)
    assert answer.status == 200
    assert "refreshToken" not in answer.json
    assert answer.json["accessToken"] == "fresh-access"
    assert browser.cookies == {REFRESH: "first-refresh"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ORIGIN},
        {"X-Requested-With": "", "Origin": ORIGIN},
        *({"Origin": origin} | OWN_PAGE for origin in ("null", "https://evil.example", "https://app.example.com")),
    ],
)
def test_password_sign_in_of_other_clients_sets_no_cookie(
    shared_cloud: Cloud, cognito: Cognito, headers: dict[str, str]
) -> None:
    cognito.answers["InitiateAuth"] = SIGNED_IN
    answer = shared_cloud.visitor.call("POST", "/login", CREDENTIALS, headers)
    assert (answer.status, answer.json["refreshToken"], answer.cookies) == (200, "first-refresh", {})


def test_failed_password_sign_in_keeps_the_cookies(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("InitiateAuth", code="NotAuthorizedException")
    answer = shared_cloud.visitor.call("POST", "/login", CREDENTIALS, OWN_PAGE)
    assert (answer.status, answer.cookies) == (401, {})


def test_logout_without_a_session_succeeds(shared_cloud: Cloud, cognito: Cognito) -> None:
    for _ in range(2):
        assert Browser(shared_cloud).call("POST", "/logout").status == 200
    assert cognito.asked == []


@pytest.mark.parametrize("code", ["NotAuthorizedException", "UnauthorizedException"])
def test_logout_deletes_the_cookie_of_a_revoked_token(browser: Browser, cognito: Cognito, code: str) -> None:
    cognito.refuse("RevokeToken", code=code)
    assert browser.call("POST", "/logout", headers=OWN_PAGE).status == 200
    assert browser.cookies == {}


def test_refresh_cookie_is_found_among_other_cookies(browser: Browser, cognito: Cognito) -> None:
    refresh_token = browser.cookies.pop(REFRESH)
    browser.cookies = {"a": "1", f"x{REFRESH}": "no", REFRESH: refresh_token, "b": "=;;"}
    assert browser.call("POST", "/token", headers=OWN_PAGE).status == 200
    assert cognito.asked[0][1]["AuthParameters"] == {"REFRESH_TOKEN": refresh_token}


@ROUTES
@pytest.mark.parametrize("origins", [("https://evil.example",) * 2, (ORIGIN, "https://evil.example")])
def test_cookie_is_rejected_if_the_origin_is_sent_twice(
    shared_cloud: Cloud, browser: Browser, path: str, origins: tuple[str, str]
) -> None:
    message = Message()
    message["Cookie"] = f"{REFRESH}={browser.cookies[REFRESH]}"
    message["X-Requested-With"] = "fetch"
    for origin in origins:
        message["Origin"] = origin
    answer = shared_cloud.gateway.handle("POST", path, message, b"", "192.0.2.1")
    assert (answer["statusCode"], "InvalidRequest" in answer["body"]) == (400, True)
