"""The process of a function, and the Lambda Runtime API that hands it invocations. Needs the standard library only.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import functools
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100  # of a response: the limit on AWS


class StartFailed(Exception):
    """The process ended, or reported an error, before it first asked for an invocation. document: the error in JSON."""

    def __init__(self, document: bytes) -> None:
        super().__init__(document.decode(errors="replace"))
        self.document = document


@dataclass
class Invocation:
    """One invocation."""

    request: str
    headers: dict[str, str]
    event: bytes
    answer: Future = field(default_factory=Future)  # of (body, is it an error)


class Function:
    """A process, and the HTTP server on a port of its own that hands it one invocation at a time."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str], log: Path) -> None:
        self.ready: Future = Future()  # done when the process first asks for an invocation, or fails
        self.invocations: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self.invocation: Invocation | None = None
        self.server = Server((HOST, 0), functools.partial(RuntimeAPI, self))
        env = {**env, "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self.server.server_port}"}
        try:
            with log.open("ab") as out:
                # A session of its own, so that stop ends the processes that the function starts.
                self.process = subprocess.Popen(
                    command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )
        except OSError:
            self.server.server_close()
            raise
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()
        threading.Thread(target=self._await_end, daemon=True).start()

    def _await_end(self) -> None:
        status = self.process.wait()
        how = f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        invocation = self.invocation
        request = invocation.request if invocation else ""
        error = error_document("Runtime.ExitError", request, f"Runtime exited with error: {how}")
        resolve_future(self.ready, error=StartFailed(error))
        if invocation:
            resolve_future(invocation.answer, (error, True))
        self.invocations.put(None)  # ends a request for an invocation that is still open
        self.server.shutdown()
        self.server.server_close()

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def invoke(self, invocation: Invocation, timeout: float) -> tuple[bytes, bool]:
        """Returns the function's response and whether it is an error. Raises TimeoutError after timeout seconds."""
        self.invocation = invocation
        self.invocations.put(invocation)
        if not self.is_alive():  # _await_end may have run before self.invocation was set
            error = error_document("Runtime.ExitError", invocation.request, "Runtime exited")
            resolve_future(invocation.answer, (error, True))
        return invocation.answer.result(timeout)

    def stop(self) -> None:
        """Kills the process and those that it started, at once. On AWS, a function without extensions has no
        grace period either."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the process was killed
            super().handle_error(request, client_address)


class RuntimeAPI(BaseHTTPRequestHandler):
    """Serves the Lambda Runtime API to one function."""

    protocol_version = "HTTP/1.1"
    # Headers and body are sent as one segment, at once: no response waits for a delayed ACK.
    disable_nagle_algorithm, wbufsize = True, -1

    def __init__(self, function: Function, *args) -> None:
        self.function = function
        super().__init__(*args)

    def do_GET(self) -> None:
        if self.path != "/2018-06-01/runtime/invocation/next":
            return self.send_reply(404)
        resolve_future(self.function.ready, True)
        invocation = self.function.invocations.get()
        self.send_reply(200, invocation.headers, invocation.event) if invocation else self.send_reply(410)

    def do_POST(self) -> None:
        body, invocation = self.read_body(), self.function.invocation
        if self.path == "/2018-06-01/runtime/init/error":
            resolve_future(self.function.ready, error=StartFailed(body))
            return self.send_reply(202)
        call = re.fullmatch(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)", self.path)
        if not call or not invocation or call[1] != invocation.request:
            return self.send_reply(400)
        if call[2] == "response" and len(body) > MAX_RESPONSE_BYTES:
            text = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            error = error_document("Function.ResponseSizeTooLarge", invocation.request, text)
            resolve_future(invocation.answer, (error, True))
            return self.send_reply(413)
        resolve_future(invocation.answer, (body, call[2] == "error"))
        self.send_reply(202)

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            return b"".join(iter(self.read_chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def read_chunk(self) -> bytes:
        data = self.rfile.read(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return data

    def send_reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        pass


def error_document(kind: str, request: str, message: str) -> bytes:
    """Returns the JSON document with which Lambda reports that a function failed without a response of its own."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {request} Error: {message}"}).encode()


def resolve_future(future: Future, result=None, error: Exception | None = None) -> None:
    """Resolves the future, unless it is resolved already."""
    try:
        future.set_exception(error) if error else future.set_result(result)
    except InvalidStateError:
        pass
