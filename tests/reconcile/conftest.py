"""A deployment to damage."""

import pytest

from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.damage import Damage


@pytest.fixture
def cognito(cloud: Cloud) -> Cognito:
    """Cognito, which knows every user."""
    cognito = Cognito(cloud)
    cognito.answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
    users = [{"Attributes": [{"Name": "sub", "Value": name}]} for name in ("ann", "bob", "user-0", "user-1", "user-2")]
    cognito.answers["ListUsers"] = {"Users": users}
    return cognito


@pytest.fixture
def damage(cloud: Cloud, cognito: Cognito) -> Damage:
    """A deployment with an account that has photos and an album, and a user who rates photos."""
    damage = Damage(cloud, cloud.person("ann"), cloud.person("bob"))
    for user in (damage.owner, damage.rater):
        assert user.get("/account").status == 200
    assert cognito.asked
    damage.upload(title="Sound", tags=["sea"], albumId=damage.create_album())
    return damage
