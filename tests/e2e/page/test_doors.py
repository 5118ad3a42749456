"""The forms of signing in, of a new password, and of a link's password."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person
from tests.support.page_albums import create_album, create_link
from tests.support.rest import PASSWORD

pytestmark = pytest.mark.xdist_group("page")


def request_code(visitor: Person, email: str) -> None:
    """Go from the sign-in to the step that asks for the code."""
    visitor.page.get_by_label("E-mail").fill(email)
    visitor.page.get_by_role("button", name="Forgotten your password?").click()
    visitor.page.get_by_role("button", name="Send the code").click()
    expect(visitor.page.get_by_role("heading", name="Enter the code")).to_be_visible()


def test_steps_of_a_new_password_are_one_entry_of_the_history(visitor: Person) -> None:
    page, email = visitor.page, visitor.local.address("forgotten")
    visitor.local.sign_up(email)
    visitor.open("/sign-in")
    before = page.evaluate("history.length")
    request_code(visitor, email)
    assert page.evaluate("history.length") == before + 1
    page.go_back()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    request_code(visitor, email)
    page.get_by_role("button", name="Back to sign in").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    request_code(visitor, email)
    assert page.evaluate("history.length") == before + 1
    page.get_by_label("Code").fill(visitor.local.mailed_code(email, mails=4))
    page.get_by_label("New password").fill(f"{PASSWORD}-new")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your library starts here")).to_be_visible()
    # The sign-in before the library is of no use any more.
    page.go_back()
    expect(page).to_have_url(re.compile("/library$"))
    expect(page.get_by_text("Your library starts here")).to_be_visible()


def test_wrong_password_of_a_link_marks_its_field(person: Person, visitor: Person) -> None:
    path = create_link(person, create_album(person, person.upload(seed=1200)), password=PASSWORD)
    visitor.expected_statuses |= {401}
    visitor.open(path)
    field = visitor.page.get_by_label("Password", exact=True)
    field.fill("wrong")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true", timeout=20_000)
    expect(field).to_have_accessible_description("That is not it. Try again.")
    field.fill("other")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_wrong_credentials_mark_both_fields(visitor: Person) -> None:
    visitor.expected_statuses |= {401}
    visitor.open("/sign-in")
    visitor.page.get_by_label("E-mail").fill("nobody@example.com")
    visitor.page.get_by_label("Password", exact=True).fill("Wrong-password-1")
    visitor.page.locator("main form button.primary").click()
    for label in ("E-mail", "Password"):
        field = visitor.page.get_by_label(label, exact=True)
        expect(field).to_have_accessible_description("The e-mail address or the password is wrong.")


def test_too_many_passwords_of_a_link_are_explained(person: Person, visitor: Person) -> None:
    path = create_link(person, create_album(person, person.upload(seed=1210)), password=PASSWORD)
    visitor.expected_statuses |= {401, 429}
    visitor.open(path)
    body = {"error": "TooManyRequests", "message": "Too many requests.", "requestId": "1"}
    visitor.page.route(
        "**/shared/*", lambda route: route.fulfill(status=429, json=body, headers={"Retry-After": "120"})
    )
    visitor.page.get_by_label("Password", exact=True).fill("wrong")
    visitor.page.get_by_role("button", name="Open the album").click()
    text = "There were too many wrong passwords. Try again in 2 minutes."
    expect(visitor.page.get_by_role("alert")).to_have_text(text)
