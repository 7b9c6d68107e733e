# Corrects where MiniStack 1.5.33 differs from AWS. Python imports this module at the server's start, as PYTHONPATH
# names its folder.
import hmac
import json
import os
import re
import secrets
import socketserver
import types
import urllib.parse

import hypercorn.asyncio
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services.cloudformation import provisioners
from sluice_executor import crossorigin, requestlog

# MiniStack's Lambda Runtime API server writes headers and body as two segments; with
# Nagle on, each answer to a Go function waits for a delayed ACK: 40 ms an invocation.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

# Sluice's policies deny requests without TLS. Here, requests stay on the loopback interface and count as sent with TLS.
pin_request_origin = iam_evaluator.pin_request_origin
iam_evaluator.pin_request_origin = lambda address, _: pin_request_origin(address, True)

# On AWS, the permission to send, delete or change one message covers the batch operation too. Requests are recorded
# here because MiniStack asks for the action of each.
extract_iam_action = iam_actions.extract_iam_action


def batchless_action(service, method, path, headers, body, params):
    query = urllib.parse.urlencode(params, doseq=True)
    requestlog.record(method, f"{urllib.parse.quote(path)}?{query}", headers, lambda: body)
    name = extract_iam_action(service, method, path, headers, body, params)
    return name.removesuffix("Batch") if name and service == "sqs" else name


iam_actions.extract_iam_action = batchless_action

# Permissions on the table are limited to kinds of rows, by the partition keys in a request. In a transaction, MiniStack
# checks the action and the table of each item, but not its keys.
dynamodb_service_context = iam_actions.dynamodb_service_context


def leading_keys(request):
    """Returns the partition keys in a request: those of its keys and items, or the value of its first key condition."""
    values = request.get("ExpressionAttributeValues") or {}
    condition = re.match(r"\(?\s*#?\w+\s*=\s*(:\w+)", request.get("KeyConditionExpression") or "")
    tables = (request.get("RequestItems") or {}).values()
    writes = [write for table in tables if isinstance(table, list) for each in table for write in each.values()]
    found = [(part.get(name) or {}).get("pk") for part in (request, *writes) for name in ("Key", "Item")]
    found.append(values.get(condition[1]) if condition else None)
    return [value["S"] for value in found if value]


def context_with_leading_keys(body):
    found = dynamodb_service_context(body)
    if found:
        found["dynamodb:LeadingKeys"] = leading_keys(json.loads(body)) or None
    return found


iam_actions.dynamodb_service_context = context_with_leading_keys

# Only the key that this server was started with is root's, and root's signatures are checked like those of others.
# MiniStack also takes `test`, an account's number and no key at all for root's, and any signature.
iam_evaluator.is_root_access_key = lambda key: bool(key) and key == os.environ["AWS_ACCESS_KEY_ID"]
pin_signed_request = iam_evaluator.pin_signed_request
iam_evaluator.pin_signed_request = types.FunctionType(
    pin_signed_request.__code__, {**vars(iam_evaluator), "_is_root_key": lambda key: False},
    argdefs=pin_signed_request.__defaults__,
)

# MiniStack derives the keys of a function from its name, so that anybody can. These are derived with a secret, too.
SALT = secrets.token_hex(16)
execution_credentials = lambda_runtime.execution_credentials
lambda_runtime.execution_credentials = types.FunctionType(
    execution_credentials.__code__,
    {**vars(lambda_runtime), "hashlib": types.SimpleNamespace(sha256=lambda text: hmac.new(SALT.encode(), text, "sha256"))},
)


# Requests of other sites' pages are refused before MiniStack sees them, and before the Runtime API of a function does.
def is_object_access(bucket, key):
    from ministack.services import iam, s3, sts

    issued = key in sts._sessions or any(name == key for _, name in iam._access_keys.to_dict())
    return bucket in s3._buckets and (issued or iam_evaluator.is_root_access_key(key))


def refuse_cross_origin(app, port):
    async def refusing_app(scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        target = (scope["raw_path"] + b"?" + scope["query_string"]).decode("latin-1")
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        reason = crossorigin.find_refusal(scope.get("method", "GET"), target, headers, port, is_object_access)
        if reason is None:
            return await app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        body = f"refused: {reason}\n".encode()
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": body})

    return refusing_app


serve = hypercorn.asyncio.serve
hypercorn.asyncio.serve = lambda app, config: serve(
    refuse_cross_origin(app, int(config.bind[0].rpartition(":")[2])), config, mode="asgi"
)
crossorigin.guard_http_servers()

# In a template, Ref of a secret is its ARN, which ends with "-" and six characters; MiniStack makes it the name.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
secret_handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
create_secret, update_secret, delete_secret = (secret_handlers[name] for name in ("create", "update", "delete"))


def referred_by_arn(made):
    """Returns what a handler returned, a secret's name and attributes, with the ARN in place of the name."""
    return made[1]["Arn"], made[1]


def secret_name(arn):
    return (arn or "").split(":")[-1][:-7]


secret_handlers["create"] = lambda *args: referred_by_arn(create_secret(*args))
secret_handlers["update"] = lambda arn, *args: referred_by_arn(update_secret(secret_name(arn), *args))
secret_handlers["delete"] = lambda arn, *args: delete_secret(secret_name(arn), *args)
