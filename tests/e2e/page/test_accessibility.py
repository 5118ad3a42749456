"""Accessibility: axe-core in every view and state, and text at twice its size."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import PHONE, Person
from tests.support.page_tour import Tour, scroll_width_excess
from tests.support.paths import ROOT

pytestmark = pytest.mark.xdist_group("page")

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
    "phone-dark": {**PHONE, "color_scheme": "dark"},
}
# The parts of an element that is animated have colours that last for a moment only.
_RUN = """async () => {
  await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all }) =>
    `${id} ${target.join(" ")} ${[...any, ...all].map(({ message }) => message).join(" ")}`));
}"""
# A browser that zooms to 200 % has half the pixels, and each is twice as large.
_ZOOMED: dict[str, Any] = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}


@pytest.mark.parametrize("look", LOOKS)
def test_no_view_has_violations(open_browser: Callable[..., Person], tmp_path: Path, look: str) -> None:
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("npm ci has not been run")
    # The Content Security Policy would not let the test add axe-core to the page.
    person = open_browser(bypass_csp=True, reduced_motion="reduce", **LOOKS[look])
    source = AXE.read_text(encoding="utf-8")
    found = {}
    for state in Tour(person, tmp_path).see_all():
        person.page.evaluate(source)
        if violations := person.page.evaluate(_RUN):
            found[state] = violations
    assert found == {}


def test_nothing_is_cut_off_at_twice_the_size(open_browser: Callable[..., Person], tmp_path: Path) -> None:
    person = open_browser(**_ZOOMED)
    wide = {}
    for state in Tour(person, tmp_path).see_all():
        if excess := scroll_width_excess(person.page):
            wide[state] = excess
    assert wide == {}
