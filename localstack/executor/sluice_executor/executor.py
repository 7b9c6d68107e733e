"""The runtime executor `process` of LocalStack's Lambda, chosen by LAMBDA_RUNTIME_EXECUTOR=process."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .runtime import HOST, Function, Invocation, StartFailed, error_document

# `make down` finds every process of the cloud by this environment variable.
MARK_VARIABLE = "SLUICE_CLOUD"


class ProcessExecutor(RuntimeExecutor):
    """One execution environment. LocalStack gives it one invocation at a time."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self.home = Path(tempfile.gettempdir(), "functions", id)
        self.log = self.home / "log"
        self.logged = 0  # bytes of the log that earlier invocations returned
        self.function: Function | None = None
        self.stopped = False

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        config = function_version.config
        if config.code is None or config.layers or not str(config.runtime).startswith("provided"):
            raise NotImplementedError("Functions here are zip files for a provided runtime, without layers.")
        config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass

    def start(self, env_vars: dict[str, str]) -> None:
        self.code = Path(self.function_version.config.code.get_unzipped_code_location())
        (self.home / "tmp").mkdir(parents=True)
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            **{name: str(value) for name, value in env_vars.items()},
            "LAMBDA_TASK_ROOT": str(self.code),
            MARK_VARIABLE: os.environ.get(MARK_VARIABLE, ""),
        }
        try:
            self._spawn()
        except StartFailed as e:
            raise StatusErrorException("The function did not start", e.document) from e

    def _spawn(self) -> None:
        self.function = Function([str(self.code / "bootstrap")], self.code, self.env, self.log)
        if self.stopped:  # while it started
            self.function.stop()
        self.function.ready.result()

    def stop(self) -> None:
        self.stopped = True
        if self.function:
            self.function.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request, timeout = payload["invoke-id"], self.function_version.config.timeout
        start = time.time()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request,
            "Lambda-Runtime-Deadline-Ms": str(int((start + timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
            "Lambda-Runtime-Trace-Id": payload["trace-id"],
        }
        try:
            if not self.function.is_alive():
                self.function.stop()  # processes that it left behind
                self._spawn()
            body, failed = self.function.invoke(Invocation(request, headers, payload["payload"].encode()), timeout)
        except TimeoutError:
            self.function.stop()
            message = f"Task timed out after {timeout:.2f} seconds"
            body, failed = error_document("Sandbox.Timedout", request, message), True
        except StartFailed as e:
            body, failed = e.document, True
        return InvocationResult(request, body, failed, self._report(request, time.time() - start))

    def _report(self, request: str, seconds: float) -> str:
        """Returns the lines of the function's log, between those that Lambda itself writes."""
        config, ms = self.function_version.config, seconds * 1000
        return (
            f"START RequestId: {request} Version: {self.function_version.id.qualifier}\n{self._new_log()}"
            f"END RequestId: {request}\nREPORT RequestId: {request}\tDuration: {ms:.2f} ms\t"
            f"Billed Duration: {int(ms) + 1} ms\tMemory Size: {config.memory_size} MB\t"
            f"Max Memory Used: {config.memory_size} MB\t\n"
        )

    def _new_log(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self.logged)
            text = log.read()
        self.logged += len(text)
        return text.decode(errors="replace")

    def get_logs(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def get_address(self) -> str:
        return HOST

    def get_endpoint_from_executor(self) -> str:
        return HOST

    def get_runtime_endpoint(self) -> str:
        return ""  # only containers need one


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs) -> type[ProcessExecutor]:
        return ProcessExecutor
