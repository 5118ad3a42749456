"""The service and the web page agree on the account of a restored user."""

import re

from chalicelib.auth import restored_users
from chalicelib.domain.ids import UserId
from tests.support.paths import ROOT


def test_web_page_and_service_use_the_same_prefix_of_groups() -> None:
    script = (ROOT / "chalicelib/web/core/session.js").read_text(encoding="utf-8")
    prefixes = re.findall(r'^const ACCOUNT_PREFIX = "(.*)";$', script, re.MULTILINE)
    assert prefixes == [restored_users.name_group(UserId(""))]
