"""Records the requests of functions, for tests that compare them with AWS's service models. Needs the standard library
only.
"""

import base64
import json
import os
import threading

FILE = os.environ.get("REQUESTS_FILE")  # set if the cloud was started with SLUICE_RECORD=1
lock = threading.Lock()


def record(method: str, url: str, headers: dict, read_body) -> None:
    """Adds a line to the file if a function has sent the request: its user agent then names the function. Names of
    headers are in lower case. The session token is left out, and the content of objects: it is a stream, which only one
    can read, so that read_body is called for other requests of functions only."""
    if not FILE or "app/sluice-" not in headers.get("user-agent", ""):
        return
    is_object = method == "PUT" and "/s3/aws4_request" in headers.get("authorization", "")
    body = b"" if is_object else read_body()
    header = {name: value for name, value in headers.items() if name != "x-amz-security-token"}
    line = {"method": method, "url": url, "header": header, "body": base64.b64encode(body or b"").decode()}
    # One write, so that the collector of traces writes its lines before or after.
    with lock, open(FILE, "ab", buffering=0) as file:
        file.write(json.dumps(line).encode() + b"\n")
