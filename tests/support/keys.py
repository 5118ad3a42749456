"""Use the web page by the keyboard alone."""

import re

from playwright.sync_api import Locator, Page, expect

_MOST_STEPS = 60
_NAME = """() => {
  const element = document.activeElement;
  const label = element?.ariaLabel || element?.labels?.[0]?.textContent || element?.textContent || "";
  return `${element?.tagName} ${label.trim()}`;
}"""


class Keys:
    """A person without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        assert self.page.evaluate("document.activeElement.matches('input, textarea')"), self.read_focus()
        self.page.keyboard.type(text)

    def go_to(self, name: str, key: str = "Tab") -> None:
        """Press the key until a control whose name begins with `name` has the focus. Fail if it never comes."""
        passed = []
        for _ in range(_MOST_STEPS):
            self.press(key)
            passed.append(self.read_focus())
            if re.match(rf"\w+ {re.escape(name)}", passed[-1]):
                return
        raise AssertionError(f"{name} is not among {passed}")

    def read_focus(self) -> str:
        """Return the tag and the name of the control that has the focus."""
        focus: str = self.page.evaluate(_NAME)
        return focus

    def expect_focus_in(self, part: Locator) -> None:
        """Wait until the focus is on a part of the page or within it."""
        expect(part.locator("xpath=descendant-or-self::*").and_(self.page.locator(":focus"))).to_have_count(1)
