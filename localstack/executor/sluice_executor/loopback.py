"""LocalStack and DynamoDB Local on the loopback interface only: functions run unsandboxed here."""

import functools
import os

from localstack.runtime import hooks
from localstack.utils.patch import patch

from .runtime import HOST


def without_docker() -> bool:
    """Tells whether functions are processes here: in a container, LocalStack must listen as it does."""
    return os.environ.get("LAMBDA_RUNTIME_EXECUTOR") == "process"


@hooks.on_runtime_create(should_load=without_docker)
def gateway() -> None:
    """LocalStack 4.14.0 listens on every interface, whatever GATEWAY_LISTEN says."""
    from localstack.runtime.server import twisted

    endpoints = twisted.endpoints
    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=HOST)


@hooks.on_infra_start(should_load=without_docker)
def dynamodb() -> None:
    """Starts DynamoDB Local from the folder DYNAMODB_HOME (classes, lib) with the Java of JAVA_HOME, instead of what
    LocalStack would download, by our own main class."""
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
