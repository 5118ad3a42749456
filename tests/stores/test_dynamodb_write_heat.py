"""The keys that all public photos share take the writes of 100 million photos a month."""

from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from local import stack
from tests.support import write_heat

INDEXES: list[dict[str, Any]] = load(str(stack.TEMPLATE))["Resources"]["PhotoMetadata"]["Properties"][
    "GlobalSecondaryIndexes"
]


def test_only_these_indexes_of_photos_have_one_key_for_all_public_photos() -> None:
    shared = {
        str(index["IndexName"]): str(index["KeySchema"][1]["AttributeName"])
        for index in INDEXES
        if index["KeySchema"][0]["AttributeName"] == "publicKey"
    }
    assert shared == write_heat.SHARED


@pytest.mark.parametrize(
    ("change", "units"), [("becomes ready", 2), ("is rated", 4), ("gets a new title", 2), ("is hidden", 2)]
)
def test_change_costs_at_most_the_documented_units_on_a_shared_key(change: str, units: int) -> None:
    assert max(write_heat.write_units(*write_heat.list_changes()[change]).values()) <= units


def test_shared_keys_take_the_peak_of_the_largest_documented_stage() -> None:
    assert max(write_heat.load_at_peak(100_000_000).values()) < 0.8 * write_heat.LIMIT
