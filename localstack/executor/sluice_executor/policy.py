"""What an authorizer is asked, and what its answer means. Needs the standard library only.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

import fnmatch
import json
import re


def token(authorizer: dict, headers) -> str | None:
    """Returns the token that a TOKEN authorizer is asked about; None where the gateway refuses without asking."""
    value = headers.get(authorizer.get("identitySource", "").removeprefix("method.request.header."))
    pattern = authorizer.get("identityValidationExpression")
    if not value or pattern and not re.fullmatch(pattern, value):
        return None
    return value


def signer(headers) -> str | None:
    """Returns the access key with which a request is signed; None if it is not."""
    match = re.match(r"AWS4-HMAC-SHA256 Credential=([^/\s,]+)/", headers.get("Authorization", ""))
    return match and match[1]


def allows(policy: dict, arn: str) -> bool:
    """Tells whether a policy document lets in the caller of the method arn: a Deny has the last word."""
    effects = {
        statement["Effect"]
        for statement in listed(policy.get("Statement"))
        if any(fnmatch.fnmatchcase(arn, pattern) for pattern in listed(statement.get("Resource")))
        and any(fnmatch.fnmatchcase("execute-api:invoke", action.lower()) for action in listed(statement.get("Action")))
    }
    return effects == {"Allow"}


def context(answer: dict) -> dict:
    """Returns what the function behind the method is told of the caller: every value is a string."""
    extra = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (answer.get("context") or {}).items()}
    return {**extra, "principalId": answer.get("principalId"), "integrationLatency": 0}


def listed(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]
