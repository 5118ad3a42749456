"""Correct the behaviour of ministack that differs from AWS, before it serves."""

from typing import Any

import jwt
from ministack.core.responses import error_response_json, get_region
from ministack.services import cognito, dynamodb, s3, sqs
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def update_in_place() -> None:
    """Let a stack update keep the rows of a table, the people of a pool and the id of a client.

    ministack would put new and empty ones in their place.
    """
    handlers = provisioners._RESOURCE_HANDLERS

    def update_table(name: str, _old: Properties, new: Properties, stack: str) -> Any:
        rows = dynamodb._tables[name]["items"]
        made = handlers["AWS::DynamoDB::Table"]["create"](name, {**new, "TableName": name}, stack)
        dynamodb._tables[name]["items"] = rows
        return made

    def update_pool(pool_id: str, _old: Properties, new: Properties, _stack: str) -> Any:
        pool = cognito._user_pools[pool_id]
        pool.update({name: value for name, value in new.items() if name in pool})
        return pool_id, {"Arn": pool["Arn"], "ProviderName": f"cognito-idp.{get_region()}.amazonaws.com/{pool_id}"}

    def update_client(client_id: str, _old: Properties, new: Properties, _stack: str) -> Any:
        client = cognito._user_pools[new["UserPoolId"]]["_clients"][client_id]
        client.update({name: value for name, value in new.items() if name in client})
        return client_id, {}

    handlers["AWS::DynamoDB::Table"]["update"] = update_table
    handlers["AWS::Cognito::UserPool"]["update"] = update_pool
    handlers["AWS::Cognito::UserPoolClient"]["update"] = update_client


def delete_people_by_id() -> None:
    """Let a person be deleted by their `sub`, as Cognito does: ministack finds them by it, and then fails."""
    plain = cognito._admin_delete_user

    def delete(asked: dict[str, Any]) -> Any:
        pool = cognito._user_pools.get(asked.get("UserPoolId"))
        person = cognito._resolve_user(pool, asked.get("Username"))[0] if pool else None
        names = [name for name, each in pool["_users"].items() if each is person] if pool and person else []
        return plain(asked | {"Username": names[0]} if names else asked)

    cognito._admin_delete_user = delete


def name_downloads_of_versions() -> None:
    """Honour `response-content-disposition` and the like for a pinned version too, as S3 does."""
    plain = s3._get_object

    def get_object(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Any:
        answer = plain(bucket, key, headers, query)
        if answer[0] == 200:
            s3._apply_response_overrides(answer[1], query or {})
        return answer

    s3._get_object = get_object


def move_dead_letters() -> None:
    """Add `StartMessageMoveTask`, which ministack lacks. The move is complete when the call returns."""

    def start(asked: dict[str, Any], _url: str) -> Any:
        source, target = (sqs._queue_by_arn(asked[name]) for name in ("SourceArn", "DestinationArn"))
        if source is None or target is None:
            raise sqs._Err("ResourceNotFoundException", "The resource that you specified does not exist.", 404)
        for message in source["messages"]:
            sqs._act_send_message({"MessageBody": message["body"]}, target["url"])
        source["messages"].clear()
        return {"TaskHandle": asked["SourceArn"]}

    sqs._HANDLERS["StartMessageMoveTask"] = start


def refuse_as_cognito_does() -> None:
    """Take no wrong code, no password before the code, no address twice and no refresh token of anyone's making."""
    sign_up, confirm, sign_in = cognito._sign_up, cognito._confirm_sign_up, cognito._initiate_auth
    revoked = cognito._refresh_token_revoked

    def strict_sign_up(asked: dict[str, Any]) -> Any:
        if _person(asked["ClientId"], asked["Username"]):
            return error_response_json("UsernameExistsException", "User already exists")
        return sign_up(asked)

    def strict_confirm(asked: dict[str, Any]) -> Any:
        person = _person(asked["ClientId"], asked["Username"])
        if person and person["UserStatus"] != "UNCONFIRMED":
            return error_response_json("NotAuthorizedException", "User cannot be confirmed.")
        if person and person["_confirmation_code"] != asked["ConfirmationCode"]:
            return error_response_json("CodeMismatchException", "Invalid verification code provided.")
        return confirm(asked)

    def strict_sign_in(asked: dict[str, Any]) -> Any:
        answer = sign_in(asked)
        person = _person(asked["ClientId"], asked.get("AuthParameters", {}).get("USERNAME"))
        if answer[0] == 200 and person and person["UserStatus"] == "UNCONFIRMED":
            return error_response_json("UserNotConfirmedException", "User is not confirmed.")
        return answer

    def strict_revoked(token: str, person: dict[str, Any]) -> bool:
        return bool(revoked(token, person)) or not _is_refresh_token_of(person, token)

    cognito._sign_up, cognito._confirm_sign_up, cognito._initiate_auth = strict_sign_up, strict_confirm, strict_sign_in
    cognito._refresh_token_revoked = strict_revoked


def _person(client_id: str, name: str | None) -> dict[str, Any] | None:
    pool, _ = cognito._pool_for_client(client_id)
    person: dict[str, Any] | None = cognito._resolve_user(pool, name)[0] if pool else None
    return person


def _is_refresh_token_of(person: dict[str, Any], token: str) -> bool:
    try:
        key = cognito._RSA_PRIVATE_KEY.public_key()
        claims = jwt.decode(token, key, ["RS256"], {"verify_exp": False, "verify_aud": False})
    except jwt.PyJWTError:
        return False
    return claims.get("token_use") == "refresh" and {"Name": "sub", "Value": claims.get("sub")} in person["Attributes"]


def is_anonymous(scope: dict[str, Any]) -> bool:
    """Whether this request is for one of our buckets, and nobody has signed it: ministack's buckets are all public."""
    headers = dict(scope["headers"])
    ours = scope["path"].startswith("/photoshare-") or headers.get(b"host", b"").startswith(b"photoshare-")
    signed = b"authorization" in headers or b"Signature=" in scope["query_string"]
    # A form has its signature within, and a preflight never has one.
    return ours and not signed and scope["method"] not in ("OPTIONS", "POST")
