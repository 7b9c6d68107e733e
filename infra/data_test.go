package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

func TestNothingIsReachableWithoutTLS(t *testing.T) {
	t.Parallel()
	for typ, policies := range map[string]struct{ typ, on string }{
		"SQS::Queue": {"SQS::QueuePolicy", "Queues"},
		"S3::Bucket": {"S3::BucketPolicy", "Bucket"},
		"SNS::Topic": {"SNS::TopicPolicy", "Topics"},
	} {
		onAWS().each(t, typ, func(t *testing.T, id string, _ resource) {
			for _, p := range onAWS().of(policies.typ) {
				if text(list(p.Properties[policies.on])[0]) == id && deniesPlain(p) {
					return
				}
			}
			t.Error("no policy denies access without TLS")
		})
	}
}

// deniesPlain reports whether a resource's policy denies everybody what comes without TLS.
func deniesPlain(policy resource) bool {
	for _, s := range list(policy.at("PolicyDocument", "Statement")) {
		s := resource{Properties: s.(map[string]any)}
		everybody := s.at("Principal") == "*" || s.at("Principal", "AWS") == "*"
		if s.at("Effect") == "Deny" && everybody && s.at("Condition", "Bool", "aws:SecureTransport") == "false" {
			return true
		}
	}
	return false
}

func TestBucketsArePrivate(t *testing.T) {
	t.Parallel()
	onAWS().each(t, "S3::Bucket", func(t *testing.T, _ string, b resource) {
		want := map[string]any{
			"PublicAccessBlockConfiguration": map[string]any{
				"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
			},
			"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": []any{map[string]any{
				"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"},
			}}},
		}
		for name, v := range want {
			if d := cmp.Diff(v, b.at(name)); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		if b.at("BucketName") != nil {
			t.Error("the name is fixed: a bucket that was kept would be in the way of the next deployment")
		}
	})
}

// TestLifecycles: originals get cheaper and stay; media is as it was published.
func TestLifecycles(t *testing.T) {
	t.Parallel()
	parts := map[string]any{"AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 2.0}, "Status": "Enabled"}
	originals := map[string]any{"Prefix": "t/", "Status": "Enabled", "Transitions": []any{map[string]any{
		"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 14.0,
	}}}
	for id, want := range map[string][]any{"DataSource": {originals, parts}, "DataMedia": {parts}} {
		if d := cmp.Diff(want, onAWS().of("S3::Bucket")[id].at("LifecycleConfiguration", "Rules")); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
}

// TestOriginalsEndWhenTheDeploymentSaysSo is not parallel: it asks the CDK, which is not for two at once.
func TestOriginalsEndWhenTheDeploymentSaysSo(t *testing.T) {
	if end := ageOriginals(settings{}).Expiration; end != nil {
		t.Errorf("they end after %v days", *end.ToDays(nil))
	}
	if days := *ageOriginals(settings{keepOriginals: 40}).Expiration.ToDays(nil); days != 40 {
		t.Errorf("they end after %v days", days)
	}
}

// TestLogsForget: of functions and of the gateway.
func TestLogsForget(t *testing.T) {
	t.Parallel()
	onAWS().each(t, "Logs::LogGroup", func(t *testing.T, _ string, r resource) {
		if days := r.at("RetentionInDays"); days != 30.0 {
			t.Errorf("kept %v days", days)
		}
	})
}

func TestBrowsersMayUploadAndPlay(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]map[string]any{
		"DataSource": {
			"AllowedMethods": []any{"PUT", "GET", "HEAD"}, "AllowedHeaders": []any{"*"}, "ExposedHeaders": []any{"ETag"},
			"AllowedOrigins": []any{"*"}, "MaxAge": 3600.0,
		},
		"DataMedia": {
			"AllowedMethods": []any{"GET", "HEAD"}, "AllowedHeaders": []any{"Range"},
			"ExposedHeaders": []any{"ETag", "Content-Length", "Content-Range"}, "AllowedOrigins": []any{"*"}, "MaxAge": 3600.0,
		},
	} {
		got := onAWS().of("S3::Bucket")[id].at("CorsConfiguration", "CorsRules")
		if d := cmp.Diff([]any{want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
}

func TestOriginalsAreAnnounced(t *testing.T) {
	t.Parallel()
	source := onAWS().of("S3::Bucket")["DataSource"]
	to := maps.Clone(source.at("NotificationConfiguration", "QueueConfigurations").([]any)[0].(map[string]any))
	to["Queue"] = text(to["Queue"])
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
	policy := onAWS().of("SQS::QueuePolicy")["InspectInboxQueuePolicy"]
	if !slices.ContainsFunc(source.DependsOn, func(id string) bool { return plain(id) == "InspectInboxQueuePolicy" }) {
		t.Error("the bucket may be made before the queue's policy, and S3 would refuse the notification")
	}
	allow := resource{Properties: list(policy.at("PolicyDocument", "Statement"))[1].(map[string]any)}
	got := []string{
		text(allow.at("Effect")), text(allow.at("Principal", "Service")),
		text(allow.at("Action")), text(allow.at("Resource")),
		text(allow.at("Condition", "StringEquals", "aws:SourceAccount")),
		text(allow.at("Condition", "ArnLike", "aws:SourceArn")),
	}
	if d := cmp.Diff([]string{
		"Allow", "s3.amazonaws.com", "sqs:SendMessage", "InspectInboxQueue",
		"AWS::AccountId", "arn:AWS::Partition:s3:::sluice-*",
	}, got); d != "" {
		t.Errorf("who may announce (-want +got):\n%s", d)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	pair := func(name, value, a, b string) []any {
		return []any{map[string]any{"AttributeName": a, name: value}, map[string]any{"AttributeName": b, name: value}}
	}
	keys := func(partition, sort string) []any {
		return []any{map[string]any{"AttributeName": partition, "KeyType": "HASH"}, map[string]any{"AttributeName": sort, "KeyType": "RANGE"}}
	}
	var listed []any
	for _, name := range services.Listed {
		listed = append(listed, name)
	}
	list := map[string]any{"ProjectionType": "INCLUDE", "NonKeyAttributes": listed}
	want := map[string]any{
		"KeySchema": keys("pk", "sk"),
		"AttributeDefinitions": append(slices.Concat(pair("AttributeType", "S", "pk", "sk"), pair("AttributeType", "S", "due_shard", "due"),
			pair("AttributeType", "S", "external", "created")), map[string]any{"AttributeName": "owner", "AttributeType": "S"}),
		"GlobalSecondaryIndexes": []any{
			map[string]any{"IndexName": "by-deadline", "KeySchema": keys("due_shard", "due"), "Projection": map[string]any{"ProjectionType": "KEYS_ONLY"}},
			map[string]any{"IndexName": "by-external", "KeySchema": keys("external", "created"), "Projection": list},
			map[string]any{"IndexName": "by-tenant", "KeySchema": keys("owner", "created"), "Projection": list},
		},
		"TimeToLiveSpecification":          map[string]any{"AttributeName": "expires", "Enabled": true},
		"BillingMode":                      "PAY_PER_REQUEST",
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"SSESpecification":                 map[string]any{"SSEEnabled": true},
		"DeletionProtectionEnabled":        true,
	}
	if d := cmp.Diff(want, onAWS().of("DynamoDB::Table")["DataTable"].Properties); d != "" {
		t.Errorf("table (-want +got):\n%s", d)
	}
}

func TestPlaybackKeyIsGenerated(t *testing.T) {
	t.Parallel()
	got := onAWS().of("SecretsManager::Secret")["DataPlaybackKey"].at("GenerateSecretString")
	if d := cmp.Diff(map[string]any{"PasswordLength": 64.0, "ExcludePunctuation": true}, got); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
}

func TestDataOutlivesTheStack(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"DynamoDB::Table", "S3::Bucket", "SecretsManager::Secret"} {
		onAWS().each(t, typ, func(t *testing.T, _ string, r resource) {
			if r.DeletionPolicy != "Retain" {
				t.Errorf("DeletionPolicy %q", r.DeletionPolicy)
			}
		})
	}
}

// TestTheStudioMayUpload: also where only other pages are let in.
func TestTheStudioMayUpload(t *testing.T) {
	t.Parallel()
	rules, _ := onFew().of("S3::Bucket")["DataSource"].at("CorsConfiguration", "CorsRules").([]any)
	var origins []string
	for _, r := range rules {
		for _, o := range r.(map[string]any)["AllowedOrigins"].([]any) {
			origins = append(origins, text(o))
		}
	}
	want := []string{"https://app.example", "https://GatewayApi.execute-api.AWS::Region.AWS::URLSuffix"}
	if d := cmp.Diff(want, origins); d != "" {
		t.Errorf("origins (-want +got):\n%s", d)
	}
}
