"""The table of monthly costs in the documentation is the output of its benchmark."""

import subprocess
import sys

from tests.support.paths import ROOT

COSTS = ROOT / "docs" / "reference" / "costs.md"
STORES = ROOT / "docs" / "explanation" / "stores.md"


def run_bench(name: str) -> str:
    """Return the output of a benchmark."""
    command = [sys.executable, "-m", f"bench.{name}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_documented_costs_are_those_of_the_formulas() -> None:
    computed = run_bench("costs")
    assert "**total**" in computed
    assert computed in COSTS.read_text(encoding="utf-8")


def test_documented_costs_of_the_stores_are_those_of_the_formulas() -> None:
    computed, document = run_bench("store_costs"), STORES.read_text(encoding="utf-8")
    assert "| Aurora DSQL |" in computed
    assert all(line in document for line in computed.splitlines())


def test_costs_include_every_rule_of_the_firewall_and_every_alarm() -> None:
    script = "from bench import costs; print(costs.WAF_RULES, costs.ALARMS)"
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    rules, alarms = map(int, printed.split())
    template = (ROOT / "resources.yaml").read_text()
    assert rules == template.count("        - Name: ") - template.count("                - Name: ")
    assert alarms >= template.count("Type: AWS::CloudWatch::Alarm")
