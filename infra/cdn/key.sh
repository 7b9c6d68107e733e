#!/usr/bin/env bash
# Puts the key of signed playback tokens into CloudFront's key value store. Run it once after the first deployment to
# AWS, and again when the secret has changed. Before that, the CDN serves public videos only.
#
# Its argument is the name of the stack, Sluice without one.
#
# It needs the AWS CLI, version 2, and the permissions cloudformation:DescribeStacks, secretsmanager:GetSecretValue,
# cloudfront-keyvaluestore:DescribeKeyValueStore and cloudfront-keyvaluestore:PutKey. The key is never in an argument,
# which other processes could read.
#
# The store also has the CDN's copy of the deny list, keys that begin with denied. The function reconcile writes them.
set -euo pipefail

stack=${1:-Sluice}

output() {
	aws cloudformation describe-stacks --stack-name "$stack" --output text \
		--query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

store=$(output CdnStore)
if [[ -z $store ]]; then
	echo "This deployment has no CDN (cdn=false): the function play reads the key itself." >&2
	exit 1
fi
secret=$(output PlaybackKey)
etag=$(aws cloudfront-keyvaluestore describe-key-value-store --kvs-arn "$store" --query ETag --output text)
# The secret has letters and digits only (GenerateSecretString), so it needs no escapes in JSON.
aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text |
	sed 's/.*/{"Key":"key.1","Value":"&"}/' |
	aws cloudfront-keyvaluestore put-key --kvs-arn "$store" --if-match "$etag" \
		--cli-input-json file:///dev/stdin --output text --query ItemCount >/dev/null
echo "CloudFront has the key. It accepts signed tokens within minutes."
