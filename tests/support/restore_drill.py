"""Delete rows, originals and users of a local cloud, and restore them: `python -m tests.support.restore_drill`.

The steps and commands are those of docs/how-to/restore.md. The emulator supports neither point-in-time recovery nor
replication. So the drill copies the tables before the loss, and copies the objects to the replica itself.
"""

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from local import stack
from release.databases import TABLES
from tests.support.images import photo as make_photo
from tests.support.paths import ROOT
from tests.support.person import Person
from tests.support.rest import environment, send
from tests.support.service import Local

STACK, SUFFIX, REPLICA = "photoshare-local", "-drill", "photoshare-replica"
NEW_PASSWORD = "Correct-horse-8"
# The local cloud creates its demo account again when it starts.
OUTCOMES = [
    "restored: 1",
    "skipped, because the account is cancelled: 1",
    "skipped, because the address has a new account: 1",
]


class Drill:
    """One drill in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.export = folder, folder / "users.csv"
        self.service = Local(folder / "data", store="dynamodb", ORIGINALS_REPLICATED="yes")
        self.s3, self.dynamodb = self.service.client("s3"), self.service.client("dynamodb")
        self.cognito, self.pool = self.service.client("cognito-idp"), self.service.setting("USER_POOL_ID")
        self.originals = self.service.setting("ORIGINALS_BUCKET")
        self.email = self.service.address("ann")
        self.ann, self.ben = Person(self.service, email=self.email), Person(self.service, "ben")
        self.names = ("kept", "hidden", "erased", "late")
        self.content = {name: make_photo(64 + number, 48) for number, name in enumerate(self.names)}
        self.photos: dict[str, str] = {}

    def run(self, module: str, *arguments: str) -> str:
        """Run a command for operators, and return its output."""
        command = [sys.executable, "-m", module, "local", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout

    def make_data(self) -> None:
        """Upload photos into an album with two share links."""
        self.album = self.ann.create_album()
        for name in ("kept", "hidden", "erased"):
            fields = {"title": name, "visibility": "public", "albumId": self.album}
            self.photos[name] = self.ann.upload(self.content[name], **fields)
        self.photos["ben"] = self.ben.upload(make_photo(48, 64))
        links = f"/albums/{self.album}/links"
        self.kept_link, self.revoked_link = (self.ann.ask("POST", links, {}, 201) for _ in range(2))

    def back_up(self) -> None:
        """Copy the tables as of this moment, create the replica, and export the users."""
        for name in TABLES.values():
            self.dynamodb.restore_table_to_point_in_time(
                SourceTableName=f"{STACK}-{name}",
                TargetTableName=f"{STACK}-{name}{SUFFIX}",
                UseLatestRestorableTime=True,
            )
        self.s3.create_bucket(Bucket=REPLICA)
        self.s3.put_bucket_versioning(Bucket=REPLICA, VersioningConfiguration={"Status": "Enabled"})
        self.replicate()
        for person in (self.ann, self.ben):
            # Cognito does this when a user confirms an address, but the emulator does not.
            self.cognito.admin_update_user_attributes(
                UserPoolId=self.pool,
                Username=person.user_id,
                UserAttributes=[{"Name": "email_verified", "Value": "true"}],
            )
        self.run("release.users", "export", str(self.export), "--data", str(self.service.data))

    def replicate(self) -> None:
        """Copy new originals and delete markers to the replica, as S3 does."""
        page = self.s3.list_object_versions(Bucket=self.originals)
        for version in page.get("Versions", []):
            copied = {"Bucket": self.originals, "Key": version["Key"], "VersionId": version["VersionId"]}
            self.s3.copy_object(Bucket=REPLICA, Key=version["Key"], CopySource=copied)
        for marker in page.get("DeleteMarkers", []):
            self.s3.delete_object(Bucket=REPLICA, Key=marker["Key"])

    def list_photos(self, bucket: str) -> set[str]:
        """Return the names of the photos whose originals are in a bucket, and are not hidden by a delete marker."""
        return self._find_names(self.s3.list_objects_v2(Bucket=bucket).get("Contents"))

    def _find_names(self, entries: object) -> set[str]:
        keys = str(entries)
        return {name for name, photo_id in self.photos.items() if photo_id in keys}

    def change_data(self) -> None:
        """Hide, erase, revoke, cancel and upload, after the moment of the backup."""
        self.ann.ask("PATCH", f"/photos/{self.photos['hidden']}", {"visibility": "private"})
        self.ann.ask("DELETE", f"/photos/{self.photos['erased']}", status=204, permanent="true")
        self.ann.ask("DELETE", f"/albums/{self.album}/links/{self.revoked_link['linkId']}", status=204)
        self.photos["late"] = self.ann.upload(self.content["late"])
        time.sleep(1)  # The emulator revokes only tokens of earlier seconds.
        self.ben.ask("DELETE", "/account", status=202)
        # The job hides an original with a delete marker before it deletes the versions.
        versions = partial(self.s3.list_object_versions, Bucket=self.originals)
        self.service.wait(lambda: self._find_names(versions().get("Versions")) == {"kept", "hidden", "late"})
        self.replicate()
        assert self.list_photos(REPLICA) == {"kept", "hidden", "late"}

    def lose_data(self) -> None:
        """Delete a row, all originals and all users."""
        table = f"{STACK}-PhotoMetadata"
        for row in self.dynamodb.scan(TableName=table)["Items"]:
            if row["photoId"]["S"] == self.photos["kept"]:
                key = {name: row[name] for name in ("photoId", "uploadedAt")}
                self.dynamodb.delete_item(TableName=table, Key=key)
        page = self.s3.list_object_versions(Bucket=self.originals)
        for entry in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            self.s3.delete_object(Bucket=self.originals, Key=entry["Key"], VersionId=entry["VersionId"])
        for user in self.cognito.list_users(UserPoolId=self.pool)["Users"]:
            self.cognito.admin_delete_user(UserPoolId=self.pool, Username=user["Username"])

    def restore_tables(self) -> None:
        """Repeat what users hid, and let the functions use the restored tables."""
        self.run("release.rehide", "", SUFFIX, str(self.service.data))
        cloudformation = self.service.client("cloudformation")
        (deployed,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        changed = {"TableSuffix": SUFFIX}
        parameters: list[dict[str, Any]] = [
            {"ParameterKey": name, "ParameterValue": changed.get(name, item["ParameterValue"])}
            for item in deployed["Parameters"]
            if (name := item["ParameterKey"])
        ]
        cloudformation.update_stack(
            StackName=STACK, UsePreviousTemplate=True, Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        self.service.wait(lambda: _is_deployed(cloudformation))
        self.service.stop()
        self.service.start()
        assert self.service.setting("PHOTO_TABLE").endswith(SUFFIX)

    def restore_originals(self) -> None:
        """Copy the replica to the originals, and rebuild the rows of later uploads."""
        for entry in self.s3.list_objects_v2(Bucket=REPLICA)["Contents"]:
            source = {"Bucket": REPLICA, "Key": entry["Key"]}
            self.s3.copy_object(Bucket=self.originals, Key=entry["Key"], CopySource=source)
        self.run("release.reconcile", "--rebuild", "--min-age", "0", "--data", str(self.service.data))

    def restore_users(self) -> None:
        """Create the users again. Ann sets a new password by e-mail."""
        outcomes = self.run("release.users", "import", str(self.export), "--data", str(self.service.data))
        assert outcomes.splitlines() == OUTCOMES, outcomes
        mails = self.service.read_output().count(f"Mail to {self.email}")
        assert self.service.call("POST", "/password/forgot", {"email": self.email}).status == 202
        reset = {"email": self.email, "code": self.service.mailed_code(self.email, mails + 1), "password": NEW_PASSWORD}
        assert self.service.call("POST", "/password/reset", reset).status == 204
        tokens = self.service.call("POST", "/login", {"email": self.email, "password": NEW_PASSWORD})
        old, self.ann.token = self.ann.user_id, str(tokens.json["accessToken"])
        assert self.ann.user_id == old

    def verify(self) -> None:
        """Check that Ann and visitors see what they saw before the loss."""
        kept = self.service.call("GET", f"/photos/{self.photos['kept']}")
        assert (kept.status, kept.json["title"]) == (200, "kept")
        for name in ("hidden", "erased", "late", "ben"):
            assert self.service.call("GET", f"/photos/{self.photos[name]}").status == 404, name
        for name in ("kept", "hidden", "late"):
            download = self.ann.ask("GET", f"/photos/{self.photos[name]}/download")
            assert send("GET", download["url"]).content == self.content[name], name
        self.ann.ask("GET", f"/photos/{self.photos['erased']}", status=404)
        assert self.list_photos(self.originals) == {"kept", "hidden", "late"}
        photos = self.ann.ask("GET", f"/albums/{self.album}/photos")["items"]
        assert {photo["photoId"] for photo in photos} == {self.photos["kept"], self.photos["hidden"]}
        for link, status in ((self.kept_link, 200), (self.revoked_link, 404)):
            token = link["url"].rpartition("/")[2]
            assert self.service.call("GET", f"/shared/{token}").status == status


STEPS = (
    Drill.make_data,
    Drill.back_up,
    Drill.change_data,
    Drill.lose_data,
    Drill.restore_tables,
    Drill.restore_originals,
    Drill.restore_users,
    Drill.verify,
)


def _is_deployed(cloudformation: Any) -> bool:
    (deployed,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return deployed["StackStatus"] in stack.DEPLOYED


def run_drill(folder: Path) -> None:
    """Run all steps, and print the time that each takes."""
    drill = Drill(folder)
    try:
        for step in STEPS:
            start = time.monotonic()
            step(drill)
            print(f"{time.monotonic() - start:5.1f} s  {step.__doc__}", flush=True)
    finally:
        drill.service.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        run_drill(Path(directory))
    print("Everything was restored.")
