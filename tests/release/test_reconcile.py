"""The commands reconcile a stage, and list and cancel accounts without a Cognito user."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.domain.ids import UserId
from chalicelib.reconcile import run
from chalicelib.reconcile.findings import KINDS
from release import orphans, reconcile
from release.environment import load_environment
from release.orphans import NotAnOrphan, cancel_orphans, find_orphans
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.damage import Damage, unexpected_key
from tests.support.exports import write_exports, write_inventories
from tests.support.requests_sent import count_requests
from tests.support.sweeps import drain_queue


@pytest.fixture
def people(cloud: Cloud) -> Damage:
    """Two accounts, and a user pool that knows no user."""
    cognito = Cognito(cloud)
    cognito.refuse("AdminGetUser", code="UserNotFoundException")
    cognito.answers["ListUsers"] = {"Users": []}
    damage = Damage(cloud, cloud.person("ann"), cloud.person("bob"))
    damage.upload()
    damage.create_album()
    Damage(cloud, damage.rater, damage.owner).create_album()
    return damage


@pytest.fixture
def environment() -> Iterator[None]:
    """Restore the environment after the test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ |= before


def test_last_line_is_the_report_as_json(
    people: Damage, environment: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment is None
    (key,) = unexpected_key(people)
    monkeypatch.setattr(reconcile, "load_environment", lambda *_: None)
    monkeypatch.setattr(run, "LIST_LAG_SECONDS", 0)
    monkeypatch.setattr(sys, "argv", ["reconcile", "test", "--min-age", "0", "--repair"])
    assert reconcile.main() == 0
    *lines, last = capsys.readouterr().out.splitlines()
    report = json.loads(last)
    assert {kind: count for kind, count in report["found"].items() if count} == {
        "account-without-user": 2,
        "object-unexpected": 1,
    }
    assert not any(report["repaired"].values())
    assert f"not repaired: object-unexpected: '{key}'" in lines
    assert any(line.startswith("object-unexpected: 1 found, 0 repaired. No upload grant") for line in lines)


def test_first_look_reads_the_given_exports(
    people: Damage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (key,) = unexpected_key(people)
    exports = ["--export", *write_exports(people.cloud, tmp_path), "--work", str(tmp_path / "work")]
    inventories = ["--inventory", *write_inventories(people.cloud, tmp_path)]
    monkeypatch.setattr(reconcile, "load_environment", lambda *_: None)
    monkeypatch.setattr(run, "LIST_LAG_SECONDS", 0)
    monkeypatch.setattr(sys, "argv", ["reconcile", "test", "--min-age", "0", *inventories, *exports])
    with count_requests(people.cloud.dynamodb) as sent:
        assert reconcile.main() == 0
    assert "Scan" not in sent
    assert f"found: object-unexpected: '{key}'" in capsys.readouterr().out.splitlines()
    monkeypatch.setattr(sys, "argv", ["reconcile", "test", *exports])
    with pytest.raises(SystemExit):
        reconcile.main()
    assert "use --inventory and --export together" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--rebuild"]])
def test_unknown_account_is_refused_instead_of_reported_as_clean(
    people: Damage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr(reconcile, "load_environment", lambda *_: None)
    monkeypatch.setattr(run, "LIST_LAG_SECONDS", 0)
    monkeypatch.setattr(sys, "argv", ["reconcile", "test", "--account", "eve", *arguments])
    with pytest.raises(SystemExit, match=r"^There is no account 'eve'\. Name the id of its user"):
        reconcile.main()
    # The row of an account can be lost.
    people.cloud.s3.put_object(Bucket=people.cloud.settings.originals_bucket, Key="eve/photo/x.jpg", Body=b"x")
    assert reconcile.main() == 0
    assert "Nothing was found." in capsys.readouterr().out.splitlines()


def test_kinds_that_only_a_repair_finds_are_summarized(capsys: pytest.CaptureFixture[str]) -> None:
    zeros = dict.fromkeys(KINDS, 0)
    report = run.Report(complete=True, stopped=None, found=zeros, repaired=zeros | {"usage": 1})
    reconcile.print_report(report)
    assert capsys.readouterr().out.startswith("usage: 0 found, 1 repaired. Repair: the usage follows")


@pytest.mark.parametrize("share", ["5", "-1", "nan", "x"])
def test_share_is_between_0_and_1(
    share: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["reconcile", "test", "--max-share", share])
    with pytest.raises(SystemExit):
        reconcile.main()
    assert f"{share!r} is not a number from 0 to 1, such as 0.05 (SHARE=)" in capsys.readouterr().err


def test_local_cloud_is_read_from_its_directory(tmp_path: Path, environment: None) -> None:
    assert environment is None
    (tmp_path / "env").write_text("export PHOTO_TABLE='a b'\nexport AWS_PROFILE=api\n")
    load_environment("local", tmp_path)
    assert (os.environ["PHOTO_TABLE"], os.environ["AWS_PROFILE"]) == ("a b", "administrator")


def test_accounts_without_a_user_are_listed_and_only_confirmed_ones_are_cancelled(people: Damage) -> None:
    assert sorted(find_orphans(wiring.user_pool().has_user)) == [("ann", 1), ("bob", 0)]
    cancel_orphans(["ann"])
    assert [json.loads(body) for body in drain_queue(people.cloud)] == [{"job": "cancel", "userId": "ann"}]
    assert people.cloud.accounts.get_account(UserId("ann")).cancelled
    assert not people.cloud.accounts.get_account(UserId("bob")).cancelled
    assert [*find_orphans(wiring.user_pool().has_user)] == [("bob", 0)]


@pytest.mark.parametrize("other", ["nobody", "ann"])
def test_nothing_is_cancelled_if_one_account_is_no_orphan(people: Damage, other: str) -> None:
    if other == "ann":
        cancel_orphans(["ann"])
    with pytest.raises(NotAnOrphan, match=other):
        cancel_orphans(["bob", other])
    assert not people.cloud.accounts.get_account(UserId("bob")).cancelled


def test_account_with_a_user_is_not_cancelled(people: Damage) -> None:
    Cognito(people.cloud).answers["AdminGetUser"] = {"Username": "ann"}
    wiring.user_pool.cache_clear()
    Cognito(people.cloud)
    with pytest.raises(NotAnOrphan, match="ann"):
        cancel_orphans(["ann"])
    assert orphans.NotAnOrphan is NotAnOrphan
