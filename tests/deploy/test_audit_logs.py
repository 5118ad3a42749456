"""The audit log records each access to an original, and accesses to renditions and rows except by the functions."""

import json
from typing import Any

from cfnlint.decode.cfn_yaml import load

from local import stack
from tests.support.paths import ROOT

RESOURCES: dict[str, Any] = load(str(stack.TEMPLATE))["Resources"]
FUNCTIONS = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_functions"]


def find_selector(name: str) -> dict[str, Any]:
    """Return the operators of a selector by field."""
    (selector,) = (
        item for item in RESOURCES["AuditTrail"]["Properties"]["AdvancedEventSelectors"] if name == item["Name"]
    )
    return {item["Field"]: {key: item[key] for key in item if key != "Field"} for item in selector["FieldSelectors"]}


def test_each_access_to_an_original_is_recorded() -> None:
    selector = find_selector("originals")
    assert {*selector} == {"eventCategory", "resources.type", "resources.ARN"}
    assert str(selector["resources.ARN"]["StartsWith"]) == str([{"Fn::Sub": "${Originals.Arn}/"}])


def test_exactly_the_roles_of_the_functions_are_excluded_elsewhere() -> None:
    roles = {f"photoshare-${{Stage}}-{name.title().replace('_', '')}Role-" for name in FUNCTIONS}
    for name in ("renditions, except by the functions", "rows, except by the functions"):
        excluded = find_selector(name)["userIdentity.arn"]["NotStartsWith"]
        assert {str(arn["Fn::Sub"]).rpartition("/")[2] for arn in excluded} == roles


def test_log_expires_and_only_the_trail_writes_it() -> None:
    (rule,) = RESOURCES["AuditBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 90)
    _, written = RESOURCES["AuditBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    source = str(written["Condition"]["StringEquals"]["aws:SourceArn"])
    assert source.endswith(f"trail/{RESOURCES['AuditTrail']['Properties']['TrailName']['Fn::Sub']}'}}")


def test_nothing_is_recorded_by_default() -> None:
    assert load(str(stack.TEMPLATE))["Parameters"]["AuditLogs"]["Default"] == "no"
    assert {RESOURCES[name]["Condition"] for name in RESOURCES if name.startswith("Audit")} == {"WithAuditLogs"}
