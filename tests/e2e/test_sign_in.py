"""Sign-in on the hosted UI, and mistakes at sign-up."""

from urllib.parse import urlsplit

from tests.support.rest import PASSWORD, send, submit_hosted_ui
from tests.support.service import Service


def test_hosted_ui_sign_in_refresh_and_logout(service: Service) -> None:
    email = service.address("dora")
    service.sign_up(email)
    begun = send("GET", f"{service.url}/login?returnTo=/%3Fphoto=1")
    assert begun.status == 302
    begun_at = urlsplit(begun.headers["Location"])
    assert "code_challenge_method=S256" in begun_at.query
    # In the emulator, the API has another address than the stage's `BaseUrl`.
    callback = f"{service.url}/callback?{urlsplit(submit_hosted_ui(begun_at.geturl(), email)).query}"
    cookie = begun.cookies[0].partition(";")[0]

    stranger = send("GET", callback)
    assert (stranger.status, stranger.json["error"]) == (400, "InvalidState")
    finished = send("GET", callback, headers={"Cookie": cookie})
    assert (finished.status, finished.headers["Location"]) == (302, f"{service.base_url}/?photo=1")
    replayed = send("GET", callback, headers={"Cookie": cookie})
    assert (replayed.status, replayed.json["error"]) == (400, "LoginFailed")

    kept = next(each for each in finished.cookies if each.startswith("__Host-refresh="))
    assert "HttpOnly" in kept
    own_page = {"Cookie": kept.partition(";")[0], "X-Requested-With": "photoshare"}
    assert send("POST", f"{service.url}/token", headers={"Cookie": own_page["Cookie"]}).status == 403
    tokens = send("POST", f"{service.url}/token", headers=own_page)
    assert "refreshToken" not in tokens.json
    assert service.call("GET", "/account", token=tokens.json["accessToken"]).json["email"] == email
    assert service.call("GET", "/account", token=tokens.json["idToken"]).status in (401, 403)
    assert service.call("GET", "/account", token="x.y.z").status == 401

    out = send("POST", f"{service.url}/logout", headers=own_page)
    assert out.status == 200
    assert "/logout?" in out.json["logoutUrl"]
    assert send("POST", f"{service.url}/token", headers=own_page).status == 401


def test_errors_at_sign_up_reveal_no_more_than_is_safe(service: Service) -> None:
    erin, frank, nobody = (service.address(name) for name in ("erin", "frank", "nobody"))
    service.sign_up(erin)

    def post(path: str, **body: str) -> tuple[int, str]:
        answer = service.call("POST", path, body)
        return answer.status, answer.json.get("error", "") if answer.content else ""

    assert post("/signup", email=erin, password=PASSWORD) == (409, "AlreadyRegistered")
    assert post("/signup", email=frank, password="short") == (400, "InvalidPassword")
    assert post("/signup", email="no address", password=PASSWORD)[0] == 400
    wrong = post("/login", email=erin, password="Wrong-horse-7")
    assert wrong == post("/login", email=nobody, password=PASSWORD) == (401, "InvalidCredentials")
    assert post("/signup/resend", email=nobody) == post("/signup/resend", email=erin)
    assert post("/signup/confirm", email=nobody, code="123456") == (400, "InvalidCode")


def test_email_addresses_are_case_insensitive(service: Service) -> None:
    email = service.address("Gunda")
    service.sign_up(email)
    for written in (email.lower(), email.upper()):
        assert service.call("GET", "/account", token=service.log_in(written)).status == 200
        again = service.call("POST", "/signup", {"email": written, "password": PASSWORD})
        assert (again.status, again.json["error"]) == (409, "AlreadyRegistered")
