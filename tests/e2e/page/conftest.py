"""Fixtures for the web page: Chromium, Firefox, and the users of the page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.support.chromium import DESKTOP, PATIENCE, PHONE, Person, find_chromium, launch_chromium, start_playwright
from tests.support.firefox import find_firefox, launch_firefox
from tests.support.programs import skip_except_in_ci
from tests.support.service import Local


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """One Playwright for all browsers."""
    with start_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all tests of the page. In CI, a missing Chromium is a failure."""
    if find_chromium() is None:
        skip_except_in_ci("Chromium is not installed. Install Debian's package `chromium-headless-shell`.")
    with launch_chromium(playwright) as browser:
        yield browser


@pytest.fixture(scope="package")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """One Firefox for all tests of the page. In CI, a missing Firefox is a failure."""
    if find_firefox() is None:
        skip_except_in_ci("Firefox is not installed. Install Debian's package `firefox-esr`.")
    with launch_firefox(playwright) as browser:
        yield browser


@contextmanager
def opened_browsers(browser: Browser, local: Local) -> Iterator[Callable[..., Person]]:
    """Yield a function that opens a browser with an empty profile. Fail at the end if the page has logged errors."""
    people: list[Person] = []

    def open_one(**options: Any) -> Person:
        context = browser.new_context(base_url=local.url, locale="en-GB", **(DESKTOP | options))
        context.set_default_timeout(PATIENCE)
        people.append(Person(context, local))
        return people[-1]

    yield open_one
    errors = [error for person in people for error in person.errors]
    for person in people:
        person.context.close()
    assert errors == []


@pytest.fixture
def open_browser(chromium: Browser, local: Local) -> Iterator[Callable[..., Person]]:
    """A function that opens a browser with an empty profile. A test fails if the page has logged errors."""
    with opened_browsers(chromium, local) as open_one:
        yield open_one


@pytest.fixture
def open_firefox(firefox: Browser, local: Local) -> Iterator[Callable[..., Person]]:
    """The same function for Firefox, which logs each violation of the Content-Security-Policy as an error."""
    with opened_browsers(firefox, local) as open_one:
        yield open_one


@pytest.fixture
def visitor(open_browser: Callable[..., Person]) -> Person:
    """A browser without a session."""
    return open_browser()


@pytest.fixture
def person(open_browser: Callable[..., Person]) -> Person:
    """A browser of a new account, which is signed in."""
    person = open_browser()
    person.join("page")
    return person


@pytest.fixture
def phone(open_browser: Callable[..., Person]) -> Person:
    """A phone whose user is signed in."""
    person = open_browser(**PHONE)
    person.join("phone")
    return person
