"""Hooks of Schemathesis for make api-check: what a request needs that the OpenAPI document can't state."""

import json
import os
import re

import requests
import schemathesis

import auth  # noqa: F401: adds a token or a signature to each request

API = os.environ["SLUICE_API"]
OWN_TOKENS = {auth.read_token(name).split("_")[1] for name in ("TENANT_TOKEN", "OPERATOR_TOKEN")}
NEW = {  # bodies that create what an id names
    "upl_": ("/v1/uploads", "upload_id", {"file_name": "a.mp4", "size": 20 << 20}),
    "vid_": ("/v1/videos", "id", {"url": "https://video.invalid/a.mp4"}),
}
MAX_OPEN_UPLOADS = 50  # so that the tenant stays within its limits
TENANT = "acme"  # of the tokens, and of the examples in the document
LIMITED_TENANT = "limited"
created = {}
open_uploads = []


def call_sqs(action, **parameters):
    """Returns the answer of SQS in the local cloud
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html)."""
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{action}"}
    response = requests.post(
        os.environ["AWS_ENDPOINT_URL"],
        data=json.dumps(parameters),
        headers=headers,
        auth=auth.Signature("sqs"),
        timeout=30,
    )
    response.raise_for_status()
    return response.json()


# Messages that are no events become dead letters, for the routes about those.
fetch = next(url for url in call_sqs("ListQueues")["QueueUrls"] if url.lower().endswith("fetch"))
for n in range(3):
    call_sqs("SendMessage", QueueUrl=fetch, MessageBody=f"no event {n}")


requests.post(
    f"{API}/v1/tenants", json={"name": LIMITED_TENANT}, auth=auth.Signature("execute-api"), timeout=30
)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Changes a request to one that reaches more of the API, or nothing outside of it. Schemathesis looks again
    whether the changed request matches the document."""
    path, body = case.path_parameters or {}, case.body
    named = context.operation.definition.raw["operationId"]
    if named == "replaceLimits" and path.get("id") == TENANT:
        path["id"] = LIMITED_TENANT  # the tenant of the requests keeps its limits
    if named == "deleteToken" and path.get("id") in OWN_TOKENS:
        path["id"] = "abcdefghij23"  # the token of the requests that follow is kept
    if path.get("id") in read_examples(context.operation):
        path["id"] = find_id(path["id"][:4], reuse=case.method != "DELETE")
    if named == "createUpload" and isinstance(body, dict) and body.get("size") == 8 << 30:
        body["size"] = 1 << 30  # the tenant may not have many as large
    if not isinstance(body, dict):
        return
    if isinstance(body.get("url"), str) and len(body["url"]) <= 2048:
        # No other host is looked up, or asked for a file (https://www.rfc-editor.org/rfc/rfc2606).
        body["url"] = re.sub(r"(?i)^(https)://[\w.~!$&'()*+,;=-]+(?=[/:?#]|$)", r"\1://video.invalid", body["url"])
    keys = body.get("metadata")
    if isinstance(keys, dict) and sum(map(len, keys)) % 4:
        # Most texts are no keys of metadata, and OpenAPI 3.0 can't say so: without this, most bodies are refused.
        body["metadata"] = {f"key{n}": value for n, value in enumerate(keys.values())}


def read_examples(operation):
    """Returns the examples of ids of uploads and videos in the document, for an operation with an id."""
    return {
        p.definition["example"]
        for p in operation.path_parameters
        if str(p.definition.get("example"))[:4] in NEW
    }


def find_id(prefix, reuse):
    """Returns the id of an upload or a video of the tenant, of a new one unless reuse is set and there is one."""
    if reuse and prefix in created:
        return created[prefix]
    path, member, body = NEW[prefix]
    response = requests.post(API + path, json=body, auth=auth.Bearer("TENANT_TOKEN"), timeout=30)
    response.raise_for_status()
    identifier = response.json()[member]
    if reuse:
        created[prefix] = identifier
    return identifier


@schemathesis.hook
def after_call(context, case, response):
    """Cancels the oldest uploads of the tenant when it has many."""
    if context.operation.definition.raw["operationId"] == "createUpload" and response.status_code == 201:
        open_uploads.append(response.json()["upload_id"])
    while len(open_uploads) > MAX_OPEN_UPLOADS:
        requests.delete(f"{API}/v1/uploads/{open_uploads.pop(0)}", auth=auth.Bearer("TENANT_TOKEN"), timeout=30)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Accepts that a valid request is refused for the reasons that the document says a schema can't state."""
    refused = type(failure).__name__ == "RejectedPositiveData" and response.status_code == 422
    invalid = case.operation.schema.raw_schema["components"]["responses"]["Invalid"]
    return not (refused and read_codes(response.content) <= set(invalid["x-beyond-schema"]))


def read_codes(body):
    """Returns the codes of a problem document: those of its fields, or else its own."""
    try:
        problem = json.loads(body)
    except ValueError:
        return {None}
    return {e["code"] for e in problem.get("errors", [])} or {problem.get("code")}
