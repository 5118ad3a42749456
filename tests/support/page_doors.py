"""Join and sign in on the web page, as a person does."""

from playwright.sync_api import expect

from tests.support.chromium import Person
from tests.support.rest import PASSWORD


def join_on_page(person: Person, name: str) -> None:
    """Fill in the form of the page, and confirm with the code from the e-mail. Start at the form."""
    page, person.email = person.page, person.local.address(name)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main form button.primary").click()
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    page.get_by_label("Code").fill(person.local.mailed_code(person.email))
    page.locator("main form button.primary").click()
    expect(page.locator(".bar .avatar")).to_be_visible()
    person.token = person.local.log_in(person.email)
