"""The replica deletes erased photos, and only the replication of the stage may write photos to the replica."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

from local import stack
from tests.support.paths import ROOT

TEMPLATE = ROOT / "release" / "replica.yaml"
RESOURCES: dict[str, Any] = load(str(TEMPLATE))["Resources"]
ORIGINALS: dict[str, Any] = load(str(stack.TEMPLATE))["Resources"]


def test_linter_finds_nothing() -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    checked = subprocess.run([linter, TEMPLATE], capture_output=True, check=False)
    assert (checked.stdout, checked.returncode) == (b"", 0)


def test_replica_is_as_private_as_the_originals() -> None:
    replica, originals = RESOURCES["Replica"]["Properties"], ORIGINALS["Originals"]["Properties"]
    for name in ("PublicAccessBlockConfiguration", "BucketEncryption", "OwnershipControls", "VersioningConfiguration"):
        assert replica[name] == originals[name]
    tls = RESOURCES["ReplicaPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_erasures_are_replicated_and_the_replica_deletes_hidden_photos_after_30_days() -> None:
    (rule,) = ORIGINALS["Originals"]["Properties"]["ReplicationConfiguration"]["Fn::If"][1]["Rules"]
    assert rule["DeleteMarkerReplication"] == {"Status": "Enabled"}
    rules = RESOURCES["Replica"]["Properties"]["LifecycleConfiguration"]["Rules"]
    erase, forget = ({key: rule[key] for key in rule if key != "Id"} for rule in rules)
    assert erase["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert erase["ExpiredObjectDeleteMarker"] is True
    assert "Prefix" not in erase
    assert (forget["Prefix"], forget["ExpirationInDays"]) == ("users/", 35)
    assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_replication_of_the_stage_may_do_exactly_what_the_replica_allows() -> None:
    allowed = RESOURCES["ReplicaPolicy"]["Properties"]["PolicyDocument"]["Statement"][1]
    sent = ORIGINALS["Replicator"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][2]
    assert allowed["Action"] == sent["Action"]
    assert "Replicator" in str(allowed["Condition"]["ArnLike"]["aws:PrincipalArn"])
