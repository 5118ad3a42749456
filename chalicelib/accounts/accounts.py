"""Usage and limits of the people who are signed in."""

from datetime import datetime

from chalicelib.auth.cognito import Caller, Identity
from chalicelib.auth.rate_limit import Limiter
from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, Limits
from chalicelib.domain.ids import Timestamp, timestamp
from chalicelib.domain.model import Model
from chalicelib.infra.settings import Settings
from chalicelib.stores.protocols import Store


class AccountView(Model, frozen=True):
    """`GET /account`."""

    user_id: str
    email: str
    photo_count: int
    bytes: int
    limits: Limits
    created_at: Timestamp


def signed_in(store: Store, identity: Identity, limiter: Limiter, authorization: str | None) -> Caller:
    """Who calls, where their account is not cancelled.

    Raises:
        InvalidToken: there is no valid token, or its account is cancelled, which one consistent read tells at once.
        TooManyRequests: they have asked too often.
    """
    caller = identity.caller(authorization)
    limiter.take(caller.user_id)
    if store.account(caller.user_id).cancelled:
        raise errors.InvalidToken
    return caller


def view(store: Store, identity: Identity, settings: Settings, caller: Caller, now: datetime) -> AccountView:
    """The caller's account, which their first look at it opens."""
    email = identity.email(caller)
    account = store.account(caller.user_id)
    if account.created_at is None:
        account = store.open_account(Account(user_id=caller.user_id, created_at=timestamp(now)))
    return AccountView(
        user_id=account.user_id,
        email=email,
        photo_count=account.photo_count,
        bytes=account.bytes,
        limits=settings.limits,
        created_at=account.created_at or timestamp(now),
    )
