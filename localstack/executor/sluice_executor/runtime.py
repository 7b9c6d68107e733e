"""A function's process, and the Lambda Runtime API that gives it its work. Needs the standard library only.

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
MOST = 6 * 1024 * 1024 + 100  # bytes of an answer: the limit on AWS


class StartFailed(Exception):
    """The process ended, or told of an error, before it first asked for work. problem: a JSON document."""

    def __init__(self, problem: bytes) -> None:
        super().__init__(problem.decode(errors="replace"))
        self.problem = problem


@dataclass
class Work:
    """One invocation."""

    request: str
    headers: dict[str, str]
    event: bytes
    answer: Future = field(default_factory=Future)  # of (body, is it an error)


class Function:
    """A process and the HTTP server, on a port of its own, that feeds it one invocation at a time."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str], log: Path) -> None:
        self.ready: Future = Future()  # done when the process first asks for work, or failed
        self.inbox: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self.work: Work | None = None
        self.server = Server((HOST, 0), functools.partial(RuntimeAPI, self))
        env = {**env, "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self.server.server_port}"}
        try:
            with log.open("ab") as out:
                # A session of its own: what the function starts ends with it.
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
        work = self.work
        error = problem("Runtime.ExitError", work.request if work else "", f"Runtime exited with error: {how}")
        settle(self.ready, error=StartFailed(error))
        if work:
            settle(work.answer, (error, True))
        self.inbox.put(None)  # lets go of a request for work that is still open
        self.server.shutdown()
        self.server.server_close()

    def alive(self) -> bool:
        return self.process.poll() is None

    def invoke(self, work: Work, timeout: float) -> tuple[bytes, bool]:
        """Returns the function's answer and whether it is an error; TimeoutError after timeout seconds."""
        self.work = work
        self.inbox.put(work)
        if not self.alive():  # _await_end may have looked for work before there was some
            settle(work.answer, (problem("Runtime.ExitError", work.request, "Runtime exited"), True))
        return work.answer.result(timeout)

    def stop(self) -> None:
        """Ends the process and what it started, at once: without extensions, there is no grace on AWS either."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # of a process that was ended: no news
            super().handle_error(request, client_address)


class RuntimeAPI(BaseHTTPRequestHandler):
    """Speaks with one function."""

    protocol_version = "HTTP/1.1"
    # Headers and body go out as one segment, and at once: no answer waits for a delayed ACK.
    disable_nagle_algorithm, wbufsize = True, -1

    def __init__(self, function: Function, *args) -> None:
        self.function = function
        super().__init__(*args)

    def do_GET(self) -> None:
        if self.path != "/2018-06-01/runtime/invocation/next":
            return self.reply(404)
        settle(self.function.ready, True)
        work = self.function.inbox.get()
        self.reply(200, work.headers, work.event) if work else self.reply(410)

    def do_POST(self) -> None:
        body, work = self.body(), self.function.work
        if self.path == "/2018-06-01/runtime/init/error":
            settle(self.function.ready, error=StartFailed(body))
            return self.reply(202)
        call = re.fullmatch(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)", self.path)
        if not call or not work or call[1] != work.request:
            return self.reply(400)
        if call[2] == "response" and len(body) > MOST:
            text = f"Response payload size exceeded maximum allowed payload size ({MOST} bytes)."
            settle(work.answer, (problem("Function.ResponseSizeTooLarge", work.request, text), True))
            return self.reply(413)
        settle(work.answer, (body, call[2] == "error"))
        self.reply(202)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            return b"".join(iter(self.chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def chunk(self) -> bytes:
        data = self.rfile.read(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return data

    def reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        pass


def problem(kind: str, request: str, message: str) -> bytes:
    """Returns what Lambda answers when a function failed to."""
    return json.dumps({"errorType": kind, "errorMessage": f"RequestId: {request} Error: {message}"}).encode()


def settle(future: Future, result=None, error: Exception | None = None) -> None:
    """Resolves the future unless it already is."""
    try:
        future.set_exception(error) if error else future.set_result(result)
    except InvalidStateError:
        pass
