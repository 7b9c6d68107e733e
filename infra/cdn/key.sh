#!/usr/bin/env bash
# Gives CloudFront the key of signed playback tokens: run it once after the first deployment to AWS, and again when the
# secret has changed. Until then the CDN lets viewers in to public videos only.
#
# Needs the AWS CLI, version 2, and who runs it the rights cloudformation:DescribeStacks, secretsmanager:GetSecretValue,
# cloudfront-keyvaluestore:DescribeKeyValueStore and cloudfront-keyvaluestore:PutKey. The key is in no argument, where
# other processes could see it.
#
# To deny a video to everybody, and to allow it again (minutes pass until every place knows):
#   aws cloudfront-keyvaluestore put-key --kvs-arn STORE --if-match ETAG --key denied.PLAYBACK_ID --value now
#   aws cloudfront-keyvaluestore delete-key --kvs-arn STORE --if-match ETAG --key denied.PLAYBACK_ID
set -euo pipefail

output() {
	aws cloudformation describe-stacks --stack-name Sluice --output text \
		--query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

store=$(output CdnStore)
secret=$(output PlaybackKey)
etag=$(aws cloudfront-keyvaluestore describe-key-value-store --kvs-arn "$store" --query ETag --output text)
# The secret has letters and digits only (GenerateSecretString), so that it needs no escapes in JSON.
aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text |
	sed 's/.*/{"Key":"key.1","Value":"&"}/' |
	aws cloudfront-keyvaluestore put-key --kvs-arn "$store" --if-match "$etag" \
		--cli-input-json file:///dev/stdin --output text --query ItemCount >/dev/null
echo "CloudFront has the key; within minutes it takes signed tokens."
