#!/bin/sh
# Runs in LocalStack's container before LocalStack starts, and installs the executor. With a token it does nothing.
set -eu
[ -z "${LOCALSTACK_AUTH_TOKEN:-}" ] || exit 0
cp -r /sluice/executor /tmp/executor # building writes beside the source
/opt/code/localstack/.venv/bin/pip install --quiet --no-index --no-deps --no-build-isolation /tmp/executor
