"""Keeps LocalStack and DynamoDB Local on the loopback interface, because functions run without a sandbox."""

import functools
import os

from localstack.runtime import hooks
from localstack.utils.patch import patch

from .runtime import HOST


def runs_without_docker() -> bool:
    """Reports whether functions run as processes. In a container, LocalStack has to listen on every interface."""
    return os.environ.get("LAMBDA_RUNTIME_EXECUTOR") == "process"


@hooks.on_runtime_create(should_load=runs_without_docker)
def bind_gateway() -> None:
    """Binds the gateway to the loopback interface: LocalStack 4.14.0 ignores the address in GATEWAY_LISTEN."""
    from localstack.runtime.server import twisted

    endpoints = twisted.endpoints
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=HOST)


@hooks.on_infra_start(should_load=runs_without_docker)
def start_dynamodb() -> None:
    """Has LocalStack start DynamoDB Local from the folder DYNAMODB_HOME (classes, lib) with the Java of JAVA_HOME and
    our own main class, instead of downloading it."""
    from localstack.services.dynamodb import server

    home, java = os.environ["DYNAMODB_HOME"], os.path.join(os.environ["JAVA_HOME"], "bin", "java")

    @patch(server.DynamodbServer.do_start_thread)
    def do_start_thread(original, self):
        command = [
            java, f"-Xmx{self.heap_size}", f"-Djava.library.path={home}/lib", "-cp", f"{home}/classes:{home}/lib/*",
            "LoopbackServer", "-port", str(self.port), "-inMemory",
        ]
        thread = server.ShellCommandThread(
            command, log_listener=server._log_listener, auto_restart=True, name="dynamodb-local",
            env_vars={"DDB_LOCAL_TELEMETRY": "0"},
        )
        server.TMP_THREADS.append(thread)
        thread.start()
        return thread
