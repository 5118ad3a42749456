"""Sign-in on the hosted UI, and mistakes at sign-up."""

from urllib.parse import urlsplit

from tests.support.rest import PASSWORD, send, submit_hosted_ui
from tests.support.service import Service


def test_hosted_ui_sign_in_refresh_and_logout(service: Service) -> None:
    email = service.address("dora")
    service.sign_up(email)
    login = send("GET", f"{service.url}/login?returnTo=/%3Fphoto=1")
    assert login.status == 302
    login_url = urlsplit(login.headers["Location"])
    assert "code_challenge_method=S256" in login_url.query
    # In the emulator, the API has another address than the stage's `BaseUrl`.
    callback = f"{service.url}/callback?{urlsplit(submit_hosted_ui(login_url.geturl(), email)).query}"
    cookie = login.cookies[0].partition(";")[0]

    stranger = send("GET", callback)
    assert (stranger.status, stranger.json["error"]) == (400, "InvalidState")
    finished = send("GET", callback, headers={"Cookie": cookie})
    assert (finished.status, finished.headers["Location"]) == (302, f"{service.base_url}/?photo=1")
    replayed = send("GET", callback, headers={"Cookie": cookie})
    assert (replayed.status, replayed.json["error"]) == (400, "LoginFailed")

    refresh_cookie = next(cookie_line for cookie_line in finished.cookies if cookie_line.startswith("__Host-refresh="))
    assert "HttpOnly" in refresh_cookie
    own_page = {"Cookie": refresh_cookie.partition(";")[0], "X-Requested-With": "photoshare"}
    assert send("POST", f"{service.url}/token", headers={"Cookie": own_page["Cookie"]}).status == 403
    tokens = send("POST", f"{service.url}/token", headers=own_page)
    assert "refreshToken" not in tokens.json
    assert service.call("GET", "/account", token=tokens.json["accessToken"]).json["email"] == email
    assert service.call("GET", "/account", token=tokens.json["idToken"]).status in (401, 403)
    assert service.call("GET", "/account", token="x.y.z").status == 401

    logout = send("POST", f"{service.url}/logout", headers=own_page)
    assert logout.status == 200
    assert "/logout?" in logout.json["logoutUrl"]
    assert send("POST", f"{service.url}/token", headers=own_page).status == 401


def test_errors_at_sign_up_reveal_no_more_than_is_safe(service: Service) -> None:
    erin, frank, unknown = (service.address(name) for name in ("erin", "frank", "unknown"))
    service.sign_up(erin)

    def post(path: str, **body: str) -> tuple[int, str]:
        answer = service.call("POST", path, body)
        return answer.status, answer.json.get("error", "") if answer.content else ""

    assert post("/signup", email=erin, password=PASSWORD) == (409, "AlreadyRegistered")
    assert post("/signup", email=frank, password="short") == (400, "InvalidPassword")
    assert post("/signup", email="no address", password=PASSWORD)[0] == 400
    wrong = post("/login", email=erin, password="Wrong-horse-7")
    assert wrong == post("/login", email=unknown, password=PASSWORD) == (401, "InvalidCredentials")
    assert post("/signup/resend", email=unknown) == post("/signup/resend", email=erin)
    assert post("/signup/confirm", email=unknown, code="123456") == (400, "InvalidCode")


def test_email_addresses_are_case_insensitive(service: Service) -> None:
    email = service.address("Gunda")
    service.sign_up(email)
    for written in (email.lower(), email.upper()):
        assert service.call("GET", "/account", token=service.log_in(written)).status == 200
        again = service.call("POST", "/signup", {"email": written, "password": PASSWORD})
        assert (again.status, again.json["error"]) == (409, "AlreadyRegistered")
