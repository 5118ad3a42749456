"""A repair of one photo can write more rows than one transaction of DynamoDB."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.stores.dynamodb.raw_rows import MAX_REPLACEMENTS
from tests.support.damage import Damage
from tests.support.faults import Killed, hooked
from tests.support.invariants import broken
from tests.support.reconciling import reconcile

MANY = MAX_REPLACEMENTS + 21


def seed_many(damage: Damage) -> None:
    """Seed a wrong rating sum, and more orphaned words of the same photo than a transaction can delete."""
    photo = damage.upload()
    damage.rows.set_rating_sum(photo)
    for number in range(MANY):
        damage.rows.put_word(photo.user_id, photo.photo_id, f"word{number}")


def test_many_rows_are_repaired(damage: Damage) -> None:
    seed_many(damage)
    outcome = reconcile(repair=True, min_deletions=MANY)
    assert outcome.findings["not repaired"] == []
    assert outcome.repaired == Counter({"search-row-orphaned": MANY, "rating-sum": 1})
    assert reconcile().findings["found"] == []
    assert broken(damage.cloud, "ann") == []


@pytest.mark.parametrize("transaction", [0, 1])
def test_interrupted_repair_of_many_rows_is_completed_by_the_next_run(damage: Damage, transaction: int) -> None:
    seed_many(damage)
    sizes: list[int] = []

    def fail(params: dict[str, Any], **_: Any) -> None:
        if count := params["body"].count(b'"Delete"'):
            sizes.append(count)
            if len(sizes) > transaction:
                raise Killed

    with (
        hooked("before-call.dynamodb.TransactWriteItems", lambda _: fail, damage.cloud.dynamodb),
        pytest.raises(Killed),
    ):
        reconcile(repair=True, min_deletions=MANY)
    assert len(sizes) > transaction
    outcome = reconcile(repair=True, min_deletions=MANY)
    assert outcome.findings["not repaired"] == []
    assert reconcile().findings["found"] == []
    assert broken(damage.cloud, "ann") == []


def test_rows_of_a_photo_that_changes_between_two_transactions_are_kept(damage: Damage) -> None:
    seed_many(damage)
    changed: list[bool] = []

    def change(params: dict[str, Any], **_: Any) -> None:
        if b'"ConditionCheck"' in params["body"] and not changed:
            changed.append(True)
            for row in damage.cloud.dynamodb.scan(TableName=damage.cloud.settings.photo_table)["Items"]:
                damage.rows.raise_revision(row["photoId"]["S"])

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: change, damage.cloud.dynamodb):
        outcome = reconcile(repair=True, min_deletions=MANY)
    assert changed
    assert outcome.findings["not repaired"], "the second transaction has failed"
    assert reconcile(repair=True, min_deletions=MANY).findings["not repaired"] == []
    assert reconcile().findings["found"] == []
