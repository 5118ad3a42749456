"""Upload photos on the web page, as a person does."""

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Route, expect

from tests.support.chromium import Person

END = 120_000
"""The milliseconds that a queue may take on a slow machine."""


class Uploader:
    """A person in front of the upload sheet and the tray."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page
        self.sheet = self.page.locator("dialog.sheet")
        self.tray = self.page.locator("section.tray")
        self.heading = self.tray.locator("h2")
        self.failures = self.tray.locator(".tray-strip.danger")
        self._free, self._held = sys.maxsize, list[Route]()

    def choose(self, files: list[str] | str | Path) -> None:
        """Choose files, and wait for the sheet."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(".bar-upload").click()
        chooser.value.set_files(files)
        expect(self.sheet).to_be_visible()

    def send(self, files: list[str]) -> None:
        """Upload files with the default choices."""
        self.choose(files)
        self.sheet.locator("footer .primary").click()
        expect(self.sheet).to_be_hidden()

    def radio(self, value: str) -> Locator:
        """Return the choice of who can see the photos."""
        return self.sheet.locator(f"input[name=visibility][value={value}]")

    def wait_for_number(self, least: int) -> None:
        """Wait until the tray counts at least this photo."""
        # After a few attempts, `expect` polls only once a second. A fast queue can end between two polls.
        script = """([heading, least]) => {
          const number = /^Uploading (\\d+) of/.exec(document.querySelector(heading)?.textContent ?? "");
          return number && Number(number[1]) >= least;
        }"""
        self.page.wait_for_function(script, arg=["section.tray h2", least], timeout=END)

    def hold_after(self, count: int) -> None:
        """Let only the first files reach S3. The others wait for `release`, or fail if the user closes the page."""
        self._free = count

        def hold(route: Route) -> None:
            if route.request.method != "PUT":
                route.continue_()
            elif self._free > 0:
                self._free -= 1
                route.continue_()
            else:
                self._held.append(route)

        self.page.route(f"{self.person.local.aws_url}/**", hold)

    def release(self) -> None:
        """Let all files reach S3."""
        self._free = sys.maxsize
        while self._held:
            self._held.pop().continue_()

    def wait_for_end(self, heading: str) -> None:
        """Wait until the tray says how the queue ended."""
        expect(self.heading).to_have_text(heading, timeout=END)

    def wait_for_words(self, words: str, count: int) -> None:
        """Wait until the heading of the tray has these words. Give each photo a second on a slow machine."""
        expect(self.heading).to_contain_text(words, timeout=END + count * 1_000)

    def stored(self) -> list[dict[str, Any]]:
        """Return the photos that the account has, and fail if it has others that are not ready."""
        token = self.person.token
        photos: list[dict[str, Any]] = []
        key: dict[str, str] = {}
        while True:
            page = self.person.local.call("GET", "/photos", token=token, scope="mine", limit=100, **key).json
            photos += page["items"]
            if page["lastKey"] is None:
                break
            key = {"lastKey": page["lastKey"]}
        account = self.person.local.call("GET", "/account", token=token).json
        assert account["photoCount"] == len(photos), account
        return photos

    def forget_lost_connections(self) -> None:
        """Accept the errors that Chromium logs for requests without a connection."""
        self.person.errors[:] = [line for line in self.person.errors if "ERR_INTERNET_DISCONNECTED" not in line]


def drop_files(person: Person, names: list[str]) -> None:
    """Drop small JPEG files with these names on the page. Their bytes are no photos."""
    person.page.evaluate(
        """names => {
          const data = new DataTransfer();
          for (const name of names) data.items.add(new File(["bytes of " + name], name, { type: "image/jpeg" }));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        names,
    )
