"""Pass a template to CloudFormation through a bucket. A request takes up to 51,200 bytes, an object up to 1 MB."""

import hashlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

# CloudFormation has no error code for an update without changes. AWS contract CFN-5.
_UNCHANGED = "No updates are to be performed"


class BucketTaken(Exception):
    """Another AWS account owns the bucket's name. The message has the remedy."""


def upload(client: Callable[[str], Any], stage: str, template: str) -> str:
    """Put a template into the stage's template bucket and return its `TemplateURL`.

    Create the bucket if it does not exist. `client` creates a client from the name of a service.

    Raises:
        BucketTaken: another AWS account owns the bucket's name.
    """
    s3, account = client("s3"), client("sts").get_caller_identity()["Account"]
    name, body = f"photoshare-{stage}-templates-{account}", template.encode()
    key = f"{hashlib.sha256(body).hexdigest()}.template"
    _create_bucket(s3, name, account)
    s3.put_object(Bucket=name, ExpectedBucketOwner=account, Key=key, Body=body)
    # The endpoint has the domain of its partition. The URL is not presigned: CloudTrail records it.
    return f"{s3.meta.endpoint_url}/{name}/{key}"


def create_or_update(cloudformation: Any, *, exists: bool, **request: Any) -> bool:
    """Start to create a stack, or to update it if it exists. Return False if the update would change nothing."""
    try:
        (cloudformation.update_stack if exists else cloudformation.create_stack)(**request)
    except ClientError as error:
        if _UNCHANGED not in str(error):
            raise
        return False
    return True


def _create_bucket(s3: Any, name: str, account: str) -> None:
    region = s3.meta.region_name
    # S3 rejects us-east-1 as a location constraint and requires a constraint in every other region.
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=name, **location)
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass
    except s3.exceptions.BucketAlreadyExists as error:
        raise BucketTaken(
            f"Another AWS account owns the bucket {name}, so the template was not uploaded. "
            "Choose another STAGE, or ask AWS Support about the bucket."
        ) from error
    # Every run sets both: an earlier run may have stopped after it created the bucket.
    settings = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(
        Bucket=name, ExpectedBucketOwner=account, PublicAccessBlockConfiguration=dict.fromkeys(settings, True)
    )
    rule = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(
        Bucket=name, ExpectedBucketOwner=account, LifecycleConfiguration={"Rules": [rule]}
    )
