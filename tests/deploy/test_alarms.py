"""Alarms, their metrics, their pages of the runbook, and the dashboard."""

import json
import re
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from local import stack
from tests.support.policies import FUNCTIONS

RESOURCES: dict[str, Any] = load(str(stack.TEMPLATE))["Resources"]
DOCS = stack.TEMPLATE.parent / "docs"
RUNBOOK = DOCS / "runbook"


def find_resources(name: str) -> list[Any]:
    return [resource for resource in RESOURCES.values() if resource["Type"] == name]


def list_metrics() -> list[Any]:
    """Return the metrics of all alarms, including those of their expressions."""
    found = []
    for alarm in find_resources("AWS::CloudWatch::Alarm"):
        properties = alarm["Properties"]
        found += [properties] if "MetricName" in properties else []
        found += [item["MetricStat"]["Metric"] for item in properties.get("Metrics", []) if "MetricStat" in item]
    return found


def list_queries() -> list[str]:
    """Return the queries of the alarms that select metrics by a query."""
    alarms = [alarm["Properties"] for alarm in find_resources("AWS::CloudWatch::Alarm")]
    expressions = [item.get("Expression", "") for alarm in alarms for item in alarm.get("Metrics", [])]
    return [str(query["Fn::Sub"]) for query in expressions if isinstance(query, dict)]


def alarm_name(alarm: Any) -> str:
    return str(alarm["Properties"]["AlarmName"]["Fn::Sub"]).removeprefix("photoshare-${Stage}-")


def test_every_alarm_notifies_the_operator() -> None:
    for alarm in find_resources("AWS::CloudWatch::Alarm"):
        assert alarm["Properties"]["AlarmActions"] == alarm["Properties"]["OKActions"] == [{"Ref": "Alarms"}]
        assert alarm["Properties"]["TreatMissingData"] in ("notBreaching", "breaching")


def test_every_alarm_has_one_page_of_the_runbook_and_names_it() -> None:
    alarms = find_resources("AWS::CloudWatch::Alarm")
    pages = sorted(page.stem for page in RUNBOOK.glob("*.md") if page.name != "README.md")
    assert sorted(map(alarm_name, alarms)) == pages
    for alarm in alarms:
        assert alarm["Properties"]["AlarmDescription"].endswith(f". See docs/runbook/{alarm_name(alarm)}.md.")


def test_runbook_lists_every_page_in_the_same_form() -> None:
    overview = (RUNBOOK / "README.md").read_text()
    for page in RUNBOOK.glob("*.md"):
        if page.name == "README.md":
            continue
        text = page.read_text()
        assert text.startswith(f"# {page.stem}\n")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Meaning", "Effect on users", "Diagnose", "Fix"]
        assert f"| [{page.stem}]({page.name}) |" in overview


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_every_function_has_alarms_and_its_log_expires(function: str) -> None:
    name = f"photoshare-${{Stage}}{function}"
    metric_names = {
        metric["MetricName"]
        for metric in list_metrics()
        if [dimension["Value"] for dimension in metric["Dimensions"]] == [{"Fn::Sub": name}]
    }
    assert metric_names >= {"Errors", "Throttles"}
    (log,) = [
        resource["Properties"]
        for resource in find_resources("AWS::Logs::LogGroup")
        if resource["Properties"]["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{name}"}
    ]
    assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_alarms_and_dashboard_use_only_metrics_that_the_code_emits() -> None:
    package = stack.TEMPLATE.parent / "chalicelib"
    emitted = {
        name for file in package.rglob("*.py") for name in re.findall(r'metrics\.\w+\("(\w+)"', file.read_text())
    }
    assert {metric["MetricName"] for metric in list_metrics() if metric["Namespace"] == "Photoshare"} <= emitted
    (dashboard,) = find_resources("AWS::CloudWatch::Dashboard")
    body = str(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])
    assert json.loads(body)["widgets"]
    # The dashboard finds these by SEARCH, because each reason and each kind is a dimension.
    assert {name for name in emitted if f'"{name}"' not in body} == {"Findings", "Rejected"}
    assert "{Photoshare,stage,reason}" in body
    assert "{Photoshare,stage,kind}" in body


def test_every_metric_of_an_alarm_is_in_the_ledger() -> None:
    ledger = (DOCS / "reference" / "aws-contracts.md").read_text()
    names = {str(metric["MetricName"]) for metric in list_metrics() if metric["Namespace"] != "Photoshare"}
    names |= {re.findall(r"SUM\((\w+)\)", query)[0] for query in list_queries()}
    assert len(names) > 15
    assert [name for name in sorted(names) if f"`{name}`" not in ledger] == []


def test_percentiles_of_small_samples_start_no_alarm() -> None:
    alarms = [alarm["Properties"] for alarm in find_resources("AWS::CloudWatch::Alarm")]
    percentiles = [alarm for alarm in alarms if "ExtendedStatistic" in alarm]
    assert len(percentiles) == 2
    assert {alarm["EvaluateLowSampleCountPercentile"] for alarm in percentiles} == {"ignore"}


@pytest.mark.parametrize("table", [name for name, part in RESOURCES.items() if part["Type"] == "AWS::DynamoDB::Table"])
def test_throttles_of_every_table_and_index_start_an_alarm(table: str) -> None:
    if table == "SearchTerms":
        return  # No function writes this table of an earlier release.
    assert len(list_queries()) == 2
    for query in list_queries():
        assert f"TableName = '${{{table}}}${{TableSuffix}}'" in query
