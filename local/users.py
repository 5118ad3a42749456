"""The demo account, and the mail that Cognito sends to other users."""

import contextlib
import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

from local.cloud import Cloud, get_opener
from local.data import read_or_create_secret

DEMO_EMAIL = "demo@example.com"


def ensure_demo_account(cloud: Cloud) -> str:
    """Return the password of the demo account. Create the account if it does not exist."""
    # The suffix has one character of each kind that the password policy requires.
    password = read_or_create_secret(cloud.data / "demo-password", f"{secrets.token_urlsafe(12)}aA1")
    cognito, pool = cloud.client("cognito-idp"), cloud.env["USER_POOL_ID"]
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=DEMO_EMAIL,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": DEMO_EMAIL}, {"Name": "email_verified", "Value": "true"}],
        )
    cognito.admin_set_user_password(UserPoolId=pool, Username=DEMO_EMAIL, Password=password, Permanent=True)
    return password


def watch_mail(cloud: Cloud, show: Callable[[str], None]) -> threading.Event:
    """Show every mail that Cognito sends from now on. Set the returned event to stop."""
    stop = threading.Event()
    initial_count = len(read_mails(cloud))

    def watch() -> None:
        shown_count = initial_count
        while not stop.wait(1):
            try:
                sent_mails = read_mails(cloud)
            except OSError:
                continue
            for mail in sent_mails[shown_count:]:
                show(f"Mail to {', '.join(mail['To'])}: {mail['BodyText']}")
            shown_count = len(sent_mails)

    threading.Thread(target=watch, name="mail", daemon=True).start()
    return stop


def read_mails(cloud: Cloud) -> list[dict[str, Any]]:
    """Return every mail so far, oldest first, with `To`, `Subject` and `BodyText`."""
    with get_opener().open(f"{cloud.env['AWS_ENDPOINT_URL']}/_ministack/ses/messages", timeout=5) as response:
        accounts = json.load(response)["messages"]
    return [mail for account in accounts.values() for mail in account]
