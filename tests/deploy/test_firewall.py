"""The firewall of the CDN: its refusals have the JSON shape of the API, and nothing reaches the API around it."""

import json
from typing import Any

from cfnlint.decode.cfn_yaml import load

from chalicelib.domain.errors import PhotoshareError
from local import stack

RESOURCES: dict[str, Any] = load(str(stack.TEMPLATE))["Resources"]
ACL = RESOURCES["WebAcl"]["Properties"]
RULES: dict[str, Any] = {str(rule["Name"]): rule for rule in ACL["Rules"]}


def find_responses(node: Any) -> list[Any]:
    """Return every custom response in a part of the web ACL."""
    if isinstance(node, dict):
        own = [node["CustomResponse"]] if "CustomResponse" in node else []
        return own + [found for child in node.values() for found in find_responses(child)]
    return [found for child in node for found in find_responses(child)] if isinstance(node, list) else []


def test_refusals_have_the_shape_of_an_error() -> None:
    bodies = {name: json.loads(body["Content"]) for name, body in ACL["CustomResponseBodies"].items()}
    statuses = {cls.__name__: cls.status for cls in PhotoshareError.__subclasses__()}
    responses = find_responses(ACL["Rules"])
    assert len(responses) > 20
    for response in responses:
        body = bodies[response["CustomResponseBodyKey"]]
        assert list(body) == list(PhotoshareError().to_body(""))
        assert statuses[body["error"]] == response["ResponseCode"]
        headers = {header["Name"]: header["Value"] for header in response["ResponseHeaders"]}
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert ("Retry-After" in headers) is (response["ResponseCode"] == 429)


def test_every_override_of_a_managed_rule_counts_or_blocks_with_our_body() -> None:
    for rule in RULES.values():
        for override in rule["Statement"].get("ManagedRuleGroupStatement", {}).get("RuleActionOverrides", []):
            (action,) = override["ActionToUse"]
            assert action == "Count" or find_responses(override["ActionToUse"])


def test_sign_in_and_mails_have_limits_of_their_own() -> None:
    paths = {}
    for name, rule in RULES.items():
        if scope := rule["Statement"].get("RateBasedStatement", {}).get("ScopeDownStatement"):
            method, path = (part["ByteMatchStatement"]["SearchString"] for part in scope["AndStatement"]["Statements"])
            assert method == "POST"
            paths[name] = path
    assert paths == {
        "log-in": "/login",
        "sign-up": "/signup",
        "resend": "/signup/resend",
        "password-reset": "/password",
    }
    priorities = [rule["Priority"] for rule in ACL["Rules"]]
    assert priorities == sorted(set(priorities))


def test_cdn_sends_the_secret_that_the_app_requires() -> None:
    (origin,) = RESOURCES["AppCdn"]["Properties"]["DistributionConfig"]["Origins"]
    (header,) = origin["OriginCustomHeaders"]
    assert header["HeaderName"] == "X-Edge-Key"
    assert "${EdgeSecret}:SecretString:sent" in header["HeaderValue"]["Fn::Sub"]
    generated = RESOURCES["EdgeSecret"]["Properties"]["GenerateSecretString"]
    assert (generated["GenerateStringKey"], json.loads(generated["SecretStringTemplate"])) == ("sent", {"accepted": ""})
