"""Decides which requests may reach a local cloud when a web browser could have sent them. Needs the standard library only.

Every site can send requests from its pages to a port of this machine. By DNS rebinding (a name of the site that resolves
to 127.0.0.1) it can read the responses too. So the Host of a request has to be this machine, and a request of a page of
another origin (RFC 6454) may only reach what pages of other origins need: the gateway's invoke URLs, signed requests for
objects, and the CDN. Programs send neither Origin, Referer nor Sec-Fetch-Site and are not affected.
"""

import http.server
import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, unquote, urlsplit

# Two of the forms of a gateway's invoke URLs: /restapis/API/STAGE/_user_request_/… and /_aws/execute-api/API/STAGE/….
INVOKE_PATH = re.compile(r"/restapis/[\w$-]+/[\w$-]+/_user_request_(/.*)?|/_aws/execute-api/[\w$-]+/[\w$-]+(/.*)?", re.S)
CDN_HOST = re.compile(r"[a-z0-9]+\.cloudfront\.net(:\d+)?")
OBJECT_PATH = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/.+", re.S)

# Headers that choose an operation whatever the path is.
OPERATION_HEADERS = ("x-amz-target", "x-amz-request-route")


def find_refusal(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    port: int,
    is_object_access: Callable[[str, str], bool] = lambda bucket, key: False,
) -> str | None:
    """Returns why a request to a server on port is refused; None if it is let through.

    target is the path with its query, as sent. is_object_access reports whether there is a bucket of that name and an
    access key of that id; without it no request of a foreign page is let through as one for an object.
    """
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value.strip())
    hosts = fields.get("host", [])
    if len(hosts) == 1 and CDN_HOST.fullmatch(hosts[0].lower()):
        return None
    if len(hosts) != 1 or not is_own_host(hosts[0], port):
        return "the Host is not this machine with the port"
    foreign = find_foreign_sender(fields, port)
    if foreign is None or is_invocation(target, fields) or is_signed_object(method, target, fields, is_object_access):
        return None
    return f"the {foreign} is another site"


def is_own_host(host: str, port: int) -> bool:
    """Reports whether host is a loopback address, localhost or a name below it, followed by the port."""
    try:
        parts = urlsplit(f"//{host}")
        name, named_port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        return False
    if parts.netloc != host or "@" in host or named_port != port:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def find_foreign_sender(fields: dict[str, list[str]], port: int) -> str | None:
    """Returns the name of the header that says that a page of another origin sends the request; None if none does.

    Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/) covers requests without Origin whose page hides the Referer.
    """
    for name in ("origin", "referer"):
        for value in fields.get(name, []):
            if value and not (value.startswith("http://") and is_own_host(value[7:].split("/", 1)[0], port)):
                return name.capitalize()
    if any(value not in ("same-origin", "none") for value in fields.get("sec-fetch-site", [])):
        return "Sec-Fetch-Site"
    return None


def is_invocation(target: str, fields: dict[str, list[str]]) -> bool:
    """Reports whether the request is one for a method of the gateway, and without AWS credentials: those of this machine
    are not for other sites."""
    path, _, query = target.partition("?")
    names = {name.lower() for name in parse_qs(query, keep_blank_values=True)}
    return (
        INVOKE_PATH.fullmatch(unquote(path)) is not None
        and not has_dot_segment(path)
        and not names_operation(fields)
        and not names & {"action", "x-amz-credential", "awsaccesskeyid"}
        and not any(value.upper().startswith("AWS") for value in fields.get("authorization", []))
    )


def is_signed_object(
    method: str, target: str, fields: dict[str, list[str]], is_object_access: Callable[[str, str], bool]
) -> bool:
    """Reports whether the request is one for an object, with a presigned URL whose bucket and key are known.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    path, _, query = target.partition("?")
    values = parse_qs(query, keep_blank_values=True)
    scope = values.get("X-Amz-Credential", [""])[0].split("/")
    named = OBJECT_PATH.fullmatch(unquote(path))
    return (
        method in ("GET", "HEAD", "PUT", "OPTIONS")
        and named is not None
        and not has_dot_segment(path)
        and not names_operation(fields)
        and "authorization" not in fields
        and "X-Amz-Signature" in values
        and len(scope) == 5
        and scope[3:] == ["s3", "aws4_request"]
        and is_object_access(named[1], scope[0])
    )


def names_operation(fields: dict[str, list[str]]) -> bool:
    return any(name in fields for name in OPERATION_HEADERS)


def has_dot_segment(path: str) -> bool:
    """Reports whether a path could mean another one once it is normalized, also if it is decoded twice."""
    twice = unquote(unquote(path)).replace("\\", "/")
    return any(segment in (".", "..") for segment in twice.split("/"))


def guard_http_servers() -> None:
    """Makes every server of http.server in this process refuse such requests: those of the Lambda Runtime API."""
    parse_request = http.server.BaseHTTPRequestHandler.parse_request

    def parse_allowed_request(self) -> bool:
        if not parse_request(self):
            return False
        reason = find_refusal(self.command, self.path, self.headers.items(), self.server.server_address[1])
        if reason is not None:
            self.send_error(403, f"refused: {reason}")
        return reason is None

    http.server.BaseHTTPRequestHandler.parse_request = parse_allowed_request
