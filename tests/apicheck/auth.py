"""Credentials for the requests of Schemathesis: a tenant's token, an operator's token, or an AWS signature, whichever
the OpenAPI document names for the route. They are in the environment, where the Makefile puts them."""

import hashlib
import hmac
import os
import time
import urllib.parse

import requests
import schemathesis


def read_token(variable):
    """Returns the token in an environment variable."""
    return os.environ[variable]


class Bearer(requests.auth.AuthBase):
    """The token in an environment variable."""

    def __init__(self, variable):
        self.header = f"Bearer {read_token(variable)}"

    def __call__(self, request):
        request.headers["Authorization"] = self.header
        return request


class Signature(requests.auth.AuthBase):
    """AWS Signature Version 4 for an AWS service
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)."""

    def __init__(self, service):
        self.service = service

    def __call__(self, request):
        url = urllib.parse.urlsplit(request.url)
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        query = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
        canonical = "\n".join((
            request.method,
            urllib.parse.quote(url.path or "/", safe="/~"),
            "&".join(sorted(f"{quote(name)}={quote(value)}" for name, value in query)),
            f"host:{url.netloc}\nx-amz-date:{now}\n",
            "host;x-amz-date",
            hashlib.sha256(body).hexdigest(),
        ))
        scope = f"{now[:8]}/{os.environ['AWS_REGION']}/{self.service}/aws4_request"
        text = "\n".join(("AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        request.headers["X-Amz-Date"] = now
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={key.hex()}"
        )
        return request


def quote(text):
    return urllib.parse.quote(text, safe="~")


def accepts(scheme, operator=False):
    """Returns a filter of the routes with a security scheme: those that need the scope operator, or the others."""

    def matches(context):
        definition = context.operation.definition.raw
        named = any(scheme in one for one in definition.get("security", []))
        return named and (definition.get("x-scope") == "operator") == operator

    return matches


schemathesis.auth.set_from_requests(Bearer("TENANT_TOKEN")).apply_to(accepts("token"))
schemathesis.auth.set_from_requests(Bearer("OPERATOR_TOKEN")).apply_to(accepts("token", operator=True))
schemathesis.auth.set_from_requests(Signature("execute-api")).apply_to(accepts("iam"))
