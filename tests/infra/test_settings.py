"""Settings that depend on the place where the code runs."""

import pytest

from chalicelib.infra.settings import Settings, load_settings

NAMES = (
    *("PHOTO_TABLE", "ACCOUNT_TABLE", "TERM_TABLE", "ALBUM_TABLE", "ENTRY_TABLE", "RATING_TABLE"),
    *("ORIGINALS_BUCKET", "RENDITIONS_BUCKET", "JOB_QUEUE_URL", "USER_POOL_ID", "USER_POOL_CLIENT_ID"),
    *("COGNITO_DOMAIN", "BASE_URL", "AWS_REGION"),
)


def load(**more: str) -> Settings:
    return load_settings(dict.fromkeys(NAMES, "x") | more)


def test_function_has_one_connection() -> None:
    assert load(AWS_LAMBDA_FUNCTION_NAME="photoshare-prod").connections == 1
    assert load().connections == 8


@pytest.mark.parametrize("name", ["DATABASE_URL", "DSQL_ENDPOINT"])
def test_empty_variable_chooses_dynamodb(name: str) -> None:
    settings = load(**{name: ""})
    assert (settings.database_url, settings.dsql) == (None, None)
