"""Has LocalStack record the requests of functions."""

from urllib.parse import urlencode

from localstack.runtime import hooks

from . import requestlog


@hooks.on_infra_start(should_load=lambda: requestlog.FILE is not None)
def register_recording() -> None:
    from localstack.aws import handlers

    handlers.serve_custom_service_request_handlers.append(record_request)


def record_request(chain, context, response) -> None:
    request = context.request
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = request.environ.get("RAW_URI") or request.full_path
    # A form is parsed by now, and its text is gone.
    read_body = lambda: request.get_data() or urlencode(list(request.form.items(multi=True))).encode()
    requestlog.record(request.method, url, headers, read_body)
