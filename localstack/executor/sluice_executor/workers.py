"""Event source mappings of SQS handle several batches at once: ScalingConfig.MaximumConcurrency."""

import logging
import threading

from localstack.runtime import hooks
from localstack.utils.patch import patch

LOG = logging.getLogger(__name__)
UNLIMITED = 5  # pollers that AWS begins with


@hooks.on_infra_start()
def more_workers() -> None:
    """LocalStack's free edition polls a queue in one thread, which also waits for the function. Others join it here as
    long as there are messages; a FIFO queue keeps its one."""
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
    from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

    @patch(EsmWorker.start)
    def start(original, self):
        original(self)
        if isinstance(self.poller, SqsPoller) and not self.poller.source_arn.endswith(".fifo"):
            limit = (self.esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency") or UNLIMITED
            join(self.poller, self._shutdown_event, limit - 1)


def join(poller, stopped: threading.Event, count: int) -> None:
    """Starts count threads that poll while messages come."""
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
            except Exception as e:  # the first thread's will say it too
                LOG.debug("Polling %s failed: %s", poller.source_arn, e)
                stopped.wait(1)

    poller.handle_messages = handle_messages
    for _ in range(count):
        threading.Thread(target=poll, daemon=True).start()
