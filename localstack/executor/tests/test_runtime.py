import json
import os
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

from sluice_executor.runtime import Function, StartFailed, Invocation

# A function in the words of the Runtime API. Each test says what it does with an event.
CLIENT = """
import http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, **more):
    api.request(method, "/2018-06-01/runtime/" + path, body, **more)
    answer = api.getresponse()
    return answer, answer.read()
def next():
    answer, event = call("GET", "invocation/next")
    return answer.headers["Lambda-Runtime-Aws-Request-Id"], event
def respond(request, body, kind="response", **more):
    return call("POST", "invocation/" + request + "/" + kind, body, **more)[0].status
"""


class Functions(unittest.TestCase):
    def start(self, program: str) -> Function:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name, "log")
        command = [sys.executable, "-c", CLIENT + textwrap.dedent(program)]
        function = Function(command, Path(folder.name), dict(os.environ), self.log)
        self.addCleanup(function.stop)
        return function

    def invoke(self, function: Function, request: str, event: bytes, timeout: float = 20) -> tuple[bytes, bool]:
        function.ready.result(20)
        return function.invoke(Invocation(request, {"Lambda-Runtime-Aws-Request-Id": request}, event), timeout)

    def test_one_process_answers_one_event_after_the_other(self) -> None:
        function = self.start("""
            while True:
                request, event = next()
                print("got", event.decode(), flush=True)
                respond(request, event.upper())
        """)
        self.assertEqual(self.invoke(function, "1", b"a"), (b"A", False))
        self.assertEqual(self.invoke(function, "2", b"b"), (b"B", False))
        self.assertEqual(self.log.read_text(), "got a\ngot b\n")
        self.assertTrue(function.is_alive())

    def test_an_answer_in_chunks(self) -> None:
        function = self.start("respond(next()[0], iter([b'a' * 70000, b'b']), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'}); next()")
        self.assertEqual(self.invoke(function, "1", b""), (b"a" * 70000 + b"b", False))

    def test_an_error_is_one(self) -> None:
        function = self.start("respond(next()[0], b'{}', 'error'); next()")
        self.assertEqual(self.invoke(function, "1", b""), (b"{}", True))

    def test_an_answer_to_another_request_is_refused(self) -> None:
        function = self.start("request, _ = next(); respond(request, str(respond('other', b'')).encode()); next()")
        self.assertEqual(self.invoke(function, "1", b""), (b"400", False))

    def test_too_long_an_answer(self) -> None:
        function = self.start("respond(next()[0], b'x' * (6 * 1024 * 1024 + 101)); next()")
        body, failed = self.invoke(function, "1", b"")
        self.assertTrue(failed)
        self.assertEqual(json.loads(body)["errorType"], "Function.ResponseSizeTooLarge")

    def test_a_process_that_ends_fails_its_invocation(self) -> None:
        function = self.start("next(); sys.exit(3)")
        body, failed = self.invoke(function, "1", b"")
        self.assertTrue(failed)
        self.assertEqual(json.loads(body)["errorMessage"], "RequestId: 1 Error: Runtime exited with error: exit status 3")
        function.process.wait(20)
        body, failed = function.invoke(Invocation("2", {}, b""), 20)
        self.assertTrue(failed)

    def test_time_runs_out(self) -> None:
        function = self.start("next(); time.sleep(600)")
        with self.assertRaises(TimeoutError):
            self.invoke(function, "1", b"", timeout=0.1)

    def test_a_process_that_never_asks_for_work(self) -> None:
        function = self.start("sys.exit(2)")
        with self.assertRaisesRegex(StartFailed, "exit status 2"):
            function.ready.result(20)

    def test_a_process_that_says_why_it_cannot_start(self) -> None:
        function = self.start("call('POST', 'init/error', b'no table'); sys.exit(1)")
        with self.assertRaisesRegex(StartFailed, "no table"):
            function.ready.result(20)

    def test_what_a_function_started_ends_with_it(self) -> None:
        function = self.start("""
            import subprocess
            child = subprocess.Popen(["sleep", "600"])
            respond(next()[0], str(child.pid).encode())
            next()
        """)
        child, _ = self.invoke(function, "1", b"")
        function.stop()
        end = time.monotonic() + 10  # a signal takes effect when the kernel gets to it
        while runs(int(child)) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(runs(int(child)))

    def test_no_program(self) -> None:
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(FileNotFoundError):
            Function([folder + "/bootstrap"], Path(folder), {}, Path(folder, "log"))


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return ") Z " not in stat


if __name__ == "__main__":
    unittest.main()
