"""Steps of a user who was restored to a rebuilt user pool."""

import time

from chalicelib.auth.restored_users import list_members, name_group
from chalicelib.domain.ids import UserId
from tests.support.person import Person
from tests.support.rest import PASSWORD
from tests.support.service import Local


def cancel_restored_account(service: Local) -> None:
    """Cancel the account of a user who was restored after a loss of the user pool."""
    cognito, pool, email = service.client("cognito-idp"), service.setting("USER_POOL_ID"), service.address("ann")
    ann = Person(service, email=email)
    group = name_group(UserId(account := ann.user_id))
    cognito.admin_delete_user(UserPoolId=pool, Username=account)
    service.sign_up(email)
    cognito.create_group(UserPoolId=pool, GroupName=group)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)
    time.sleep(1)  # The emulator revokes only tokens of earlier seconds.
    ann.token = service.log_in(email)
    assert ann.user_id == account
    ann.ask("DELETE", "/account", status=202)
    service.wait(lambda: list_members(cognito, pool, UserId(account)) is None)
    assert service.call("POST", "/login", {"email": email, "password": PASSWORD}).status == 401
