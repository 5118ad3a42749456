"""The function of the monthly comparison may read, and may write one row."""

from tests.support.policies import statements


def test_reconciliation_may_write_only_the_row_of_its_run() -> None:
    reads = ("Get", "BatchGet", "Query", "Scan", "List", "AdminGet")
    platform_services = ("logs", "xray")
    writes = [
        (action, statement.get("Condition"))
        for statement in statements("reconcile")
        for action in statement["Action"]
        if not action.startswith(platform_services) and not action.partition(":")[2].startswith(reads)
    ]
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#reconcile"]}}
    assert writes == [("dynamodb:UpdateItem", condition)]
