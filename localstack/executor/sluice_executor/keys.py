"""The access keys that LocalStack knows: the one that it was started with, which is root's, and those of sessions.

LocalStack accepts any other key too. Where that matters, this is asked.
"""

import os

from localstack.constants import DEFAULT_AWS_ACCOUNT_ID


def is_issued(key: str) -> bool:
    from localstack.services.sts.models import sts_stores

    return key == os.environ.get("AWS_ACCESS_KEY_ID") or any(
        key in store.sessions for bundle in sts_stores.values() for store in bundle.values()
    )


def is_object_access(bucket: str, key: str) -> bool:
    """Reports whether there is a bucket of that name, and that access key."""
    from localstack.services.s3.models import s3_stores

    buckets = s3_stores[DEFAULT_AWS_ACCOUNT_ID]["us-east-1"].global_bucket_map
    return bucket in buckets and is_issued(key)
