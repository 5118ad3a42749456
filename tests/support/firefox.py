"""The web page in Firefox."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Playwright

from tests.support import firefox_relay


def find_firefox() -> str | None:
    """Return the path of Firefox."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


@contextmanager
def launch_firefox(playwright: Playwright) -> Iterator[Browser]:
    """Start Debian's Firefox behind the relay."""
    with TemporaryDirectory() as folder:
        program = Path(folder, "firefox")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{firefox_relay.__file__}" "{find_firefox()}" "$@"\n')
        program.chmod(0o700)
        browser = playwright.firefox.launch(channel="moz-firefox", executable_path=program)
        yield browser
        browser.close()
