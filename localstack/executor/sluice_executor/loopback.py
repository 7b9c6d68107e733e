"""Keeps LocalStack and DynamoDB Local on the loopback interface, and from pages of other sites, because functions run
without a sandbox."""

import functools
import os

from localstack.runtime import hooks
from localstack.utils.patch import patch

from . import crossorigin, keys
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


@hooks.on_runtime_create(should_load=runs_without_docker)
def refuse_cross_origin() -> None:
    """Refuses requests that a page of another site could have sent, before LocalStack handles them, and before the
    Runtime API of a function does."""
    from localstack.aws.app import LocalstackAwsGateway

    @patch(LocalstackAwsGateway.process)
    def process(original, self, request, response):
        environ = request.environ
        target = environ.get("RAW_URI") or request.full_path
        port = int(os.environ["GATEWAY_LISTEN"].rpartition(":")[2])
        reason = crossorigin.find_refusal(request.method, target, request.headers, port, keys.is_object_access)
        if reason is None:
            return original(self, request, response)
        response.status_code = 403
        response.set_response(f"refused: {reason}\n")

    crossorigin.guard_http_servers()


@hooks.on_infra_start(should_load=runs_without_docker)
def check_presigned_urls() -> None:
    """Has presigned URLs of root checked with root's secret. LocalStack takes `test` for that of each key that no session
    and no user has."""
    from localstack.services.s3 import presigned_url

    presigned_url.DEFAULT_PRE_SIGNED_SECRET_ACCESS_KEY = os.environ["AWS_SECRET_ACCESS_KEY"]


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
