# Corrects where MiniStack 1.5.33 differs from AWS. Python imports this module at the server's start, as PYTHONPATH
# names its folder.
import json
import re
import socketserver

from ministack.core import iam_actions, iam_evaluator

# MiniStack's Lambda Runtime API server writes headers and body as two segments; with
# Nagle on, each answer to a Go function waits for a delayed ACK: 40 ms an invocation.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

# Sluice's policies deny requests without TLS. Here, requests stay on the loopback interface and count as sent with TLS.
pin_request_origin = iam_evaluator.pin_request_origin
iam_evaluator.pin_request_origin = lambda address, _: pin_request_origin(address, True)

# On AWS, the permission to send, delete or change one message covers the batch operation too.
extract_iam_action = iam_actions.extract_iam_action


def batchless_action(service, *request):
    name = extract_iam_action(service, *request)
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
