"""The input of an authorizer and the meaning of its answer. Needs the standard library only.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

import fnmatch
import json
import re


def read_token(authorizer: dict, headers) -> str | None:
    """Returns the token to hand to a TOKEN authorizer; None if the gateway refuses the request without asking it."""
    value = headers.get(authorizer.get("identitySource", "").removeprefix("method.request.header."))
    pattern = authorizer.get("identityValidationExpression")
    if not value or pattern and not re.fullmatch(pattern, value):
        return None
    return value


def read_access_key(headers) -> str | None:
    """Returns the access key with which a request is signed; None if the request is not signed."""
    match = re.match(r"AWS4-HMAC-SHA256 Credential=([^/\s,]+)/", headers.get("Authorization", ""))
    return match and match[1]


def allows_method(policy: dict, arn: str) -> bool:
    """Reports whether a policy document allows a call of the method arn. A Deny overrides every Allow."""
    effects = {
        statement["Effect"]
        for statement in as_list(policy.get("Statement"))
        if any(fnmatch.fnmatchcase(arn, pattern) for pattern in as_list(statement.get("Resource")))
        and any(fnmatch.fnmatchcase("execute-api:invoke", name.lower()) for name in as_list(statement.get("Action")))
    }
    return effects == {"Allow"}


def caller_context(answer: dict) -> dict:
    """Returns what the function behind the method gets to know about the caller. Every value of it is a string."""
    extra = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (answer.get("context") or {}).items()}
    return {**extra, "principalId": answer.get("principalId"), "integrationLatency": 0}


def as_list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]
