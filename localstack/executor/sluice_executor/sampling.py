"""Which requests are traced. LocalStack takes in that a stage has tracing enabled and does nothing with it: it passes on
that a request is not sampled unless its sender has decided so. Here all are, as by a rule with a rate of one."""

from localstack.runtime import hooks


@hooks.on_infra_start()
def sample_requests() -> None:
    from localstack.services.apigateway.next_gen.execute_api import handlers

    handlers.preprocess_request.append(sample)


def sample(chain, context, response) -> None:
    if "Sampled=" not in context.request.headers.get("X-Amzn-Trace-Id", ""):
        context.trace_id = context.trace_id.replace("Sampled=0", "Sampled=1")
