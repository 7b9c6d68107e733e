package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestPoliciesDenyRequestsWithoutTLS(t *testing.T) {
	t.Parallel()
	for typ, policies := range map[string]struct{ typ, on string }{
		"SQS::Queue": {"SQS::QueuePolicy", "Queues"},
		"S3::Bucket": {"S3::BucketPolicy", "Bucket"},
		"SNS::Topic": {"SNS::TopicPolicy", "Topics"},
	} {
		awsTemplate().runForEach(t, typ, func(t *testing.T, id string, _ resource) {
			for _, p := range awsTemplate().resourcesOfType(policies.typ) {
				if renderValue(toList(p.Properties[policies.on])[0]) == id && deniesWithoutTLS(p) {
					return
				}
			}
			t.Error("no policy denies access without TLS")
		})
	}
}

// deniesWithoutTLS reports whether a resource's policy denies everybody all requests without TLS.
func deniesWithoutTLS(policy resource) bool {
	for _, s := range toList(policy.property("PolicyDocument", "Statement")) {
		s := resource{Properties: s.(map[string]any)}
		everybody := s.property("Principal") == "*" || s.property("Principal", "AWS") == "*"
		if s.property("Effect") == "Deny" && everybody && s.property(
			"Condition", "Bool", "aws:SecureTransport",
		) == "false" {
			return true
		}
	}
	return false
}

func TestBucketsArePrivate(t *testing.T) {
	t.Parallel()
	awsTemplate().runForEach(t, "S3::Bucket", func(t *testing.T, _ string, b resource) {
		want := map[string]any{
			"PublicAccessBlockConfiguration": map[string]any{
				"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true,
				"RestrictPublicBuckets": true,
			},
			"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": []any{map[string]any{
				"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"},
			}}},
		}
		for name, v := range want {
			if d := cmp.Diff(v, b.property(name)); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		if b.property("BucketName") != nil {
			t.Error("the name is fixed: a bucket that was kept would be in the way of the next deployment")
		}
	})
}

// Originals move to cheaper storage and stay, and copies of them expire; media stays as it is.
func TestBucketLifecycleRules(t *testing.T) {
	t.Parallel()
	parts := map[string]any{
		"AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 2.0}, "Status": "Enabled",
	}
	originals := map[string]any{"Prefix": "t/", "Status": "Enabled", "Transitions": []any{map[string]any{
		"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 14.0,
	}}}
	copies := map[string]any{"Prefix": "c/", "Status": "Enabled", "ExpirationInDays": 14.0}
	for id, want := range map[string][]any{"DataSource": {originals, copies, parts}, "DataMedia": {parts}} {
		if d := cmp.Diff(
			want, awsTemplate().resourcesOfType("S3::Bucket")[id].property("LifecycleConfiguration", "Rules"),
		); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
}

// The test is not parallel: it calls the CDK, which is not safe for concurrent use.
func TestOriginalsExpireAfterKeepOriginalsDays(t *testing.T) {
	if end := newOriginalsLifecycle(settings{}).Expiration; end != nil {
		t.Errorf("they end after %v days", *end.ToDays(nil))
	}
	if days := *newOriginalsLifecycle(settings{keepOriginalsDays: 40}).Expiration.ToDays(nil); days != 40 {
		t.Errorf("they end after %v days", days)
	}
}

func TestLogGroupsKeepLogsForAMonth(t *testing.T) {
	t.Parallel()
	awsTemplate().runForEach(t, "Logs::LogGroup", func(t *testing.T, _ string, r resource) {
		if days := r.property("RetentionInDays"); days != 30.0 {
			t.Errorf("kept %v days", days)
		}
	})
}

func TestBucketsAllowCORSForUploadAndPlayback(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]map[string]any{
		"DataSource": {
			"AllowedMethods": []any{"PUT", "GET", "HEAD"}, "AllowedHeaders": []any{"*"},
			"ExposedHeaders": []any{"ETag"},
			"AllowedOrigins": []any{"*"}, "MaxAge": 3600.0,
		},
		"DataMedia": {
			"AllowedMethods": []any{"GET", "HEAD"}, "AllowedHeaders": []any{"Range"},
			"ExposedHeaders": []any{"ETag", "Content-Length", "Content-Range"}, "AllowedOrigins": []any{"*"},
			"MaxAge": 3600.0,
		},
	} {
		got := awsTemplate().resourcesOfType("S3::Bucket")[id].property("CorsConfiguration", "CorsRules")
		if d := cmp.Diff([]any{want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
}

func TestSourceBucketNotifiesInspectQueue(t *testing.T) {
	t.Parallel()
	source := awsTemplate().resourcesOfType("S3::Bucket")["DataSource"]
	to := maps.Clone(source.property("NotificationConfiguration", "QueueConfigurations").([]any)[0].(map[string]any))
	to["Queue"] = renderValue(to["Queue"])
	want := map[string]any{
		"Event": "s3:ObjectCreated:*",
		"Queue": "InspectInboxQueue",
		"Filter": map[string]any{"S3Key": map[string]any{"Rules": []any{
			map[string]any{"Name": "prefix", "Value": services.SourcePrefix},
			map[string]any{"Name": "suffix", "Value": services.SourceSuffix},
		}}},
	}
	if d := cmp.Diff(want, to); d != "" {
		t.Errorf("notification (-want +got):\n%s", d)
	}
	policy := awsTemplate().resourcesOfType("SQS::QueuePolicy")["InspectInboxQueuePolicy"]
	if !slices.ContainsFunc(source.DependsOn, func(id string) bool {
		return trimHash(id) == "InspectInboxQueuePolicy"
	}) {
		t.Error("the bucket may be made before the queue's policy, and S3 would refuse the notification")
	}
	allow := resource{Properties: toList(policy.property("PolicyDocument", "Statement"))[1].(map[string]any)}
	got := []string{
		renderValue(allow.property("Effect")), renderValue(allow.property("Principal", "Service")),
		renderValue(allow.property("Action")), renderValue(allow.property("Resource")),
		renderValue(allow.property("Condition", "StringEquals", "aws:SourceAccount")),
		renderValue(allow.property("Condition", "ArnLike", "aws:SourceArn")),
	}
	if d := cmp.Diff([]string{
		"Allow", "s3.amazonaws.com", "sqs:SendMessage", "InspectInboxQueue",
		"AWS::AccountId", "arn:AWS::Partition:s3:::sluice-*",
	}, got); d != "" {
		t.Errorf("who may announce (-want +got):\n%s", d)
	}
}

func TestTableKeysIndexesAndProtection(t *testing.T) {
	t.Parallel()
	pair := func(name, value, a, b string) []any {
		return []any{map[string]any{"AttributeName": a, name: value}, map[string]any{"AttributeName": b, name: value}}
	}
	keys := func(partition, sort string) []any {
		return []any{
			map[string]any{"AttributeName": partition, "KeyType": "HASH"},
			map[string]any{"AttributeName": sort, "KeyType": "RANGE"},
		}
	}
	var listed []any
	for _, name := range services.ListedAttributes {
		listed = append(listed, name)
	}
	list := map[string]any{"ProjectionType": "INCLUDE", "NonKeyAttributes": listed}
	want := map[string]any{
		"KeySchema": keys("pk", "sk"),
		"AttributeDefinitions": append(
			slices.Concat(pair("AttributeType", "S", "pk", "sk"), pair("AttributeType", "S", "due_shard", "due"),
				pair("AttributeType", "S", "external", "created")),
			map[string]any{"AttributeName": "owner", "AttributeType": "S"},
		),
		"GlobalSecondaryIndexes": []any{
			map[string]any{
				"IndexName": "by-deadline", "KeySchema": keys("due_shard", "due"),
				"Projection": map[string]any{"ProjectionType": "KEYS_ONLY"},
			},
			map[string]any{"IndexName": "by-external", "KeySchema": keys("external", "created"), "Projection": list},
			map[string]any{"IndexName": "by-tenant", "KeySchema": keys("owner", "created"), "Projection": list},
		},
		"TimeToLiveSpecification":          map[string]any{"AttributeName": "expires", "Enabled": true},
		"BillingMode":                      "PAY_PER_REQUEST",
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"SSESpecification":                 map[string]any{"SSEEnabled": false}, // a key that AWS owns
		"DeletionProtectionEnabled":        true,
	}
	if d := cmp.Diff(want, awsTemplate().resourcesOfType("DynamoDB::Table")["DataTable"].Properties); d != "" {
		t.Errorf("table (-want +got):\n%s", d)
	}
}

func TestPlaybackKeyIsGenerated(t *testing.T) {
	t.Parallel()
	got := awsTemplate().resourcesOfType("SecretsManager::Secret")["DataPlaybackKey"].property("GenerateSecretString")
	if d := cmp.Diff(map[string]any{"PasswordLength": 64.0, "ExcludePunctuation": true}, got); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
}

func TestDataIsRetainedWhenTheStackIsDeleted(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"DynamoDB::Table", "S3::Bucket", "SecretsManager::Secret"} {
		awsTemplate().runForEach(t, typ, func(t *testing.T, _ string, r resource) {
			if r.DeletionPolicy != "Retain" {
				t.Errorf("DeletionPolicy %q", r.DeletionPolicy)
			}
		})
	}
}

func TestStudioOriginMayUploadWhenOriginsAreRestricted(t *testing.T) {
	t.Parallel()
	rules, _ := singleOriginTemplate().resourcesOfType("S3::Bucket")["DataSource"].property(
		"CorsConfiguration", "CorsRules",
	).([]any)
	var origins []string
	for _, r := range rules {
		for _, o := range r.(map[string]any)["AllowedOrigins"].([]any) {
			origins = append(origins, renderValue(o))
		}
	}
	want := []string{"https://app.example", "https://GatewayApi.execute-api.AWS::Region.AWS::URLSuffix"}
	if d := cmp.Diff(want, origins); d != "" {
		t.Errorf("origins (-want +got):\n%s", d)
	}
}
