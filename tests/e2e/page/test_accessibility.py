"""Accessibility: axe-core in every view and state, and text at twice its size."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.support.chromium import DESKTOP, PHONE, Person
from tests.support.page_tour import Tour, scroll_width_excess
from tests.support.paths import ROOT

pytestmark = pytest.mark.xdist_group("tours")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# The parts of an element that is animated have colours that last for a moment only.
_RUN = """async (options) => {
  await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...options });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all }) =>
    `${id} ${target.join(" ")} ${[...any, ...all].map(({ message }) => message).join(" ")}`));
}"""
# The schemes differ only in their colours.
_RULES: dict[Literal["light", "dark"], dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
# A browser that zooms to 200 % has half the pixels.
_ZOOMED = ViewportSize(width=640, height=400)


@pytest.mark.parametrize("look", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")])
def test_no_view_has_violations_or_is_cut_off_at_twice_the_size(
    open_browser: Callable[..., Person], tmp_path: Path, look: dict[str, Any]
) -> None:
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("npm ci has not been run")
    # The Content Security Policy would not let the test add axe-core to the page.
    person = open_browser(bypass_csp=True, reduced_motion="reduce", **look)
    source = AXE.read_text(encoding="utf-8")
    found = []
    for state in Tour(person, tmp_path).see_all():
        person.page.evaluate(source)
        for scheme, options in _RULES.items():
            person.page.emulate_media(color_scheme=scheme)
            found += [f"{state}, {scheme}: {violation}" for violation in person.page.evaluate(_RUN, options)]
        resize(person.page, _ZOOMED)
        if excess := scroll_width_excess(person.page):
            found.append(f"{state} is {excess} pixels too wide at twice the size")
        resize(person.page, look["viewport"])
    assert found == []


def resize(page: Page, size: ViewportSize) -> None:
    """Change the size of the window, and wait until the page has followed."""
    page.set_viewport_size(size)
    page.evaluate("async () => { for (const _ of [1, 2]) await new Promise(requestAnimationFrame); }")
