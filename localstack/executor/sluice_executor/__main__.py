"""Starts LocalStack: python -m sluice_executor."""

import _thread
import threading
import warnings

import typing_extensions


class Lock:
    """threading.Lock as a type."""

    def __new__(cls):
        return _thread.allocate_lock()


# LocalStack 4.14.0 claims to run on Python 3.10, but uses two features of 3.13: `Lock | None` and warnings.deprecated.
if not isinstance(threading.Lock, type):
    threading.Lock = Lock
if not hasattr(warnings, "deprecated"):
    warnings.deprecated = typing_extensions.deprecated

from localstack.runtime.main import main  # noqa: E402

main()
