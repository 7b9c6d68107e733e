"""Sampling of requests for tracing. LocalStack accepts that a stage has tracing enabled, but passes every request on as
not sampled unless its sender has decided otherwise. Here every request is sampled, as by a rule with a rate of one."""

from localstack.runtime import hooks


@hooks.on_infra_start()
def register_sampling() -> None:
    from localstack.services.apigateway.next_gen.execute_api import handlers

    handlers.preprocess_request.append(mark_sampled)


def mark_sampled(chain, context, response) -> None:
    if "Sampled=" not in context.request.headers.get("X-Amzn-Trace-Id", ""):
        context.trace_id = context.trace_id.replace("Sampled=0", "Sampled=1")
