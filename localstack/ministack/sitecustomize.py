# Python imports this by itself at the server's start (PYTHONPATH names its folder): what MiniStack
# 1.5.33 lacks to be, for us, as AWS is.
import json
import re
import socketserver

from ministack.core import iam_actions, iam_evaluator

# MiniStack's Lambda Runtime API server writes headers and body as two segments; with
# Nagle on, each answer to a Go function waits for a delayed ACK: 40 ms an invocation.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

# Our policies refuse whatever comes without TLS. Here all of it stays on the loopback interface,
# which is as private: it counts as TLS.
pin_request_origin = iam_evaluator.pin_request_origin
iam_evaluator.pin_request_origin = lambda address, _: pin_request_origin(address, True)

# On AWS the right to send, delete or change a message is the right to do so with a batch of them.
extract_iam_action = iam_actions.extract_iam_action


def action(service, *request):
    name = extract_iam_action(service, *request)
    return name.removesuffix("Batch") if name and service == "sqs" else name


iam_actions.extract_iam_action = action

# Rights on the table are narrowed to kinds of rows by the partition keys that a request names. Of a
# transaction MiniStack checks each item's action and table; its keys go unchecked.
dynamodb_service_context = iam_actions.dynamodb_service_context


def leading_keys(request):
    """The partition keys in a request: of its keys and items, or what its first key condition equals."""
    values = request.get("ExpressionAttributeValues") or {}
    condition = re.match(r"\(?\s*#?\w+\s*=\s*(:\w+)", request.get("KeyConditionExpression") or "")
    tables = (request.get("RequestItems") or {}).values()
    writes = [write for table in tables if isinstance(table, list) for each in table for write in each.values()]
    found = [(part.get(name) or {}).get("pk") for part in (request, *writes) for name in ("Key", "Item")]
    found.append(values.get(condition[1]) if condition else None)
    return [value["S"] for value in found if value]


def context(body):
    found = dynamodb_service_context(body)
    if found:
        found["dynamodb:LeadingKeys"] = leading_keys(json.loads(body)) or None
    return found


iam_actions.dynamodb_service_context = context
