"""Lets an event source mapping of SQS handle several batches at once, up to its ScalingConfig.MaximumConcurrency."""

import logging
import threading

from localstack.runtime import hooks
from localstack.utils.patch import patch

LOG = logging.getLogger(__name__)
DEFAULT_POLLERS = 5  # AWS begins with five pollers


@hooks.on_infra_start()
def patch_pollers() -> None:
    """Adds polling threads while a queue has messages. LocalStack's free edition polls each queue in one thread, which
    also waits for the function. A FIFO queue keeps one thread."""
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
    from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

    @patch(EsmWorker.start)
    def start(original, self):
        original(self)
        if isinstance(self.poller, SqsPoller) and not self.poller.source_arn.endswith(".fifo"):
            limit = (self.esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency") or DEFAULT_POLLERS
            start_pollers(self.poller, self._shutdown_event, limit - 1)


def start_pollers(poller, stopped: threading.Event, count: int) -> None:
    """Starts count threads that poll as long as the poller finds messages."""
    from localstack.services.lambda_.event_source_mapping.pollers.poller import EmptyPollResultsException

    busy, handle = threading.Event(), poller.handle_messages

    def handle_messages(messages):
        busy.set()
        handle(messages)

    def poll():
        while not stopped.is_set():
            if not busy.wait(1):
                continue
            try:
                poller.poll_events()
            except EmptyPollResultsException:
                busy.clear()
            except Exception as e:  # the first thread logs the error too
                LOG.debug("Polling %s failed: %s", poller.source_arn, e)
                stopped.wait(1)

    poller.handle_messages = handle_messages
    for _ in range(count):
        threading.Thread(target=poll, daemon=True).start()
