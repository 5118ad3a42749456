"""Check `out/translated.json` with cfripper and AWS's cloudformation-validate: `python -m release.audit`.

`make audit` runs this command in a separate environment. docs/reference/template-checks.md describes the tools.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cloudformation_validate import CompositeEngine, RuleFilterConfig, Severity, ValidateConfig

OUT = Path(__file__).parent.parent / "out"
PARAMETERS = {
    "Stage": "prod",
    "BaseUrl": "https://photos.example.com",
    "AllowedOrigins": "https://photos.example.com",
    "DomainPrefix": "example-photos",
    "AlarmEmail": "ops@example.com",
    "AuditLogs": "yes",
    "Backups": "yes",
    "BackupVaultArn": "arn:aws:backup:eu-west-1:222222222222:backup-vault:photoshare",
    "Cdn": "yes",
    "CertificateArn": "arn:aws:acm:us-east-1:111111111111:certificate/11111111-2222-3333-4444-555555555555",
    "DatabaseSecretArn": "arn:aws:secretsmanager:us-east-1:111111111111:secret:database-abc",
    "DomainName": "photos.example.com",
    "HostedZoneId": "Z0123456789",
    "ModerationConfidence": "80",
    "MonthlyBudget": "100",
    "ReplicaBucketArn": "arn:aws:s3:::example-replica",
    "SecurityGroupIds": "sg-0123456789abcdef0",
    "SesIdentityArn": "arn:aws:ses:us-east-1:111111111111:identity/example.com",
    "Store": "postgres",
    "SubnetIds": "subnet-0123456789abcdef0",
    "Waf": "yes",
}
"""A stage with every option, so that the tools see all resources."""
ROLES = OUT.parent / "release" / "deployer-role.yaml"
ROLES_PARAMETERS = {"Stage": "prod", "Repository": "owner/photoshare", "OidcSubject": "repo:owner/photoshare:ref:main"}

_NO_RESOURCE = "The action has no resource."
_NO_SECRET = "The value is not secret."
EXPLAINED = {
    "GenericResourceWildcardPolicyRule BackupKey": "Without it, no administrator could change the key.",
    "S3ObjectVersioningRule AuditBucket": "CloudTrail writes each file once.",
    "S3ObjectVersioningRule Renditions": "Renditions can be made again from the originals, which have versions.",
    "WildcardResourceRule ApiHandlerRole": _NO_RESOURCE,
    "WildcardResourceRule ConfirmUploadRole": _NO_RESOURCE,
    "WildcardResourceRule RunJobRole": _NO_RESOURCE,
    "W1001 CdnKeyId": "The tool compares no conditions: if a stage signs with a key, the key exists.",
    "W2509 DatabaseSecretArn": _NO_SECRET,
    "W2509 SecretsAsOf": _NO_SECRET,
}
"""The findings that need no change, each with the reason."""


def main() -> None:
    """Print the findings that are not explained.

    Raises:
        SystemExit: there are such findings, or an explained finding has disappeared.
    """
    template = OUT / "translated.json"
    found = dict([*run_cfripper(template), *validate(template, PARAMETERS), *validate(ROLES, ROLES_PARAMETERS)])
    for name, message in found.items():
        print(f"{'explained' if name in EXPLAINED else 'NEW'}: {name}: {EXPLAINED.get(name, message)}")
    if unused := EXPLAINED.keys() - found.keys():
        sys.exit(f"Remove these explanations from release/audit.py: {sorted(unused)}")
    if found.keys() - EXPLAINED.keys():
        sys.exit("Fix the new findings, or explain them in release/audit.py.")


def run_cfripper(template: Path) -> Iterator[tuple[str, str]]:
    """Yield the failures of cfripper, as the rule with the resource, and a message."""
    parameters = OUT / "parameters.json"
    parameters.write_text(json.dumps(PARAMETERS))
    command = [sys.executable, "-m", "cfripper.cli", str(template), "--format", "json", "--logging", "ERROR"]
    command += ["--resolve", "--resolve-parameters", str(parameters)]
    # The exit status is 2 if there are failures.
    report = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    if report["exceptions"]:
        sys.exit(f"cfripper failed: {report['exceptions']}")
    for failure in report["failures"]:
        for resource in failure["resource_ids"]:
            yield f"{failure['rule']} {resource}", failure["reason"]


def validate(template: Path, parameters: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the warnings and errors of cloudformation-validate, as the rule with the resource, and a message."""
    # W1028 reports the branches that `parameters` do not choose. cfn-lint has the same rule without parameters.
    unchosen = RuleFilterConfig(ids=["W1028"])
    config = ValidateConfig(parameter_overrides=parameters, severity_level=Severity.WARN, exclude=unchosen)
    for diagnostic in CompositeEngine().validate_template(template, config).diagnostics:
        name = diagnostic.entity.logical_id if diagnostic.entity else "template"
        yield f"{diagnostic.rule_id} {name}", diagnostic.message


if __name__ == "__main__":
    main()
