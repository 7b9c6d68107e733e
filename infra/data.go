package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

const (
	playbackKeyLength         = 64                 // characters of the key of playback tokens, more than 256 bits
	incompleteUploadRetention = 2 * 24 * time.Hour // of the parts of an upload that is never completed
	corsMaxAge                = time.Hour          // for which browsers cache the answer to a CORS preflight
	// standardStorageDuration is how long an original stays in S3's standard class, where reading it costs nothing
	// extra. By then it is encoded, or the dead letters about it have expired. After that S3 moves it to cheaper
	// classes by how often it is read
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html).
	standardStorageDuration = deadLetterRetention
)

// data is what outlives an invocation: the table, the buckets, the topic of facts and the key of playback tokens.
type data struct {
	table         awsdynamodb.Table
	source, media awss3.Bucket
	topic         awssns.Topic
	playbackKey   awssecretsmanager.Secret
}

// newData makes the table, buckets, topic and key. S3 sends a message to the queue originals for each object that
// arrives in the source bucket.
func newData(scope constructs.Construct, set settings, originals *serviceQueue) *data {
	scope = constructs.NewConstruct(scope, jsii.String("Data"))
	d := &data{table: newTable(scope, set)}
	d.source = newBucket(scope, "Source", set, uploadCORSRule(set.corsOrigins...), newOriginalsLifecycle(set),
		newCopiesLifecycle())
	d.media = newBucket(scope, "Media", set, &awss3.CorsRule{
		AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_GET, awss3.HttpMethods_HEAD},
		AllowedHeaders: jsii.Strings("Range"),
		ExposedHeaders: jsii.Strings("ETag", "Content-Length", "Content-Range"),
		// The path is the right to watch, on any page, as at the CDN. A browser that play redirects here from another
		// origin calls its origin "null" (https://fetch.spec.whatwg.org/#http-redirect-fetch).
		AllowedOrigins: jsii.Strings("*"),
		MaxAge:         jsii.Number(corsMaxAge.Seconds()),
	})
	addObjectNotifications(d.source, originals, set)
	d.topic = awssns.NewTopic(scope, jsii.String("Facts"), &awssns.TopicProps{
		TopicName:  jsii.String(set.buildName("events")),
		EnforceSSL: jsii.Bool(true),
	})
	// The key of playback tokens. Secrets Manager generates it, so that no template has it.
	d.playbackKey = awssecretsmanager.NewSecret(scope, jsii.String("PlaybackKey"), &awssecretsmanager.SecretProps{
		Description: jsii.String("Signs the tokens in Sluice's playback paths"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			PasswordLength: jsiiNumber(playbackKeyLength), ExcludePunctuation: jsii.Bool(true),
		},
		RemovalPolicy: set.removalPolicy(),
	})
	suppressNagRule(d.playbackKey, "SMG4",
		"Links signed with a key end with it, so people replace it when they must, not a clock.")
	return d
}

// allowStudioOrigin lets the studio's page upload parts to the source bucket, if the settings don't allow its origin
// anyway.
func (d *data) allowStudioOrigin(origin string, set settings) {
	if !slices.Contains(set.corsOrigins, "*") && !slices.Contains(set.corsOrigins, origin) {
		d.source.AddCorsRule(uploadCORSRule(origin))
	}
}

// uploadCORSRule lets pages of the origins upload parts and read the ETag of each, which completing an upload needs.
func uploadCORSRule(origins ...string) *awss3.CorsRule {
	return &awss3.CorsRule{
		AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_PUT, awss3.HttpMethods_GET, awss3.HttpMethods_HEAD},
		AllowedHeaders: jsii.Strings("*"),
		ExposedHeaders: jsii.Strings("ETag"),
		AllowedOrigins: jsii.Strings(origins...),
		MaxAge:         jsii.Number(corsMaxAge.Seconds()),
	}
}

func newTable(scope constructs.Construct, set settings) awsdynamodb.Table {
	text := func(name string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
	}
	table := awsdynamodb.NewTable(scope, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey: text("pk"),
		SortKey:      text("sk"),
		BillingMode:  awsdynamodb.BillingMode_PAY_PER_REQUEST,
		// A key that AWS owns costs nothing. The key aws/dynamodb is billed by use
		// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html).
		Encryption: awsdynamodb.TableEncryption_DEFAULT,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		TimeToLiveAttribute: jsii.String(services.ExpiryAttribute),
		DeletionProtection:  jsii.Bool(!set.local),
		RemovalPolicy:       set.removalPolicy(),
	})
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		i := indexes[name]
		p := &awsdynamodb.GlobalSecondaryIndexProps{
			IndexName: jsii.String(name), PartitionKey: text(i.partition), SortKey: text(i.sort),
			ProjectionType: awsdynamodb.ProjectionType_KEYS_ONLY,
		}
		if i.includesAttributes {
			p.ProjectionType = awsdynamodb.ProjectionType_INCLUDE
			p.NonKeyAttributes = jsii.Strings(services.ListedAttributes...)
		}
		table.AddGlobalSecondaryIndex(p)
	}
	return table
}

// index is an index of the table: its keys, and which attributes of a row it holds.
type index struct {
	partition, sort    string
	includesAttributes bool // also services.ListedAttributes
}

// indexes are the indexes of the service map. A row is in an index while it has the attribute that is the index's
// partition key.
var indexes = map[string]index{
	services.ByTenant:   {"owner", "created", true},
	services.ByExternal: {"external", "created", true},
	services.ByDeadline: {"due_shard", "due", false},
}

// newOriginalsLifecycle returns the lifecycle of originals: they move to cheaper storage and, if the setting
// keep_originals says so, expire. A video without its original stays as it is, but can't be encoded again.
func newOriginalsLifecycle(set settings) *awss3.LifecycleRule {
	rule := &awss3.LifecycleRule{
		Prefix: jsii.String(services.SourcePrefix),
		Transitions: &[]*awss3.Transition{{
			StorageClass:    awss3.StorageClass_INTELLIGENT_TIERING(),
			TransitionAfter: cdkDuration(standardStorageDuration),
		}},
	}
	if set.keepOriginalsDays > 0 {
		rule.Expiration = awscdk.Duration_Days(jsiiNumber(set.keepOriginalsDays))
	}
	return rule
}

// newCopiesLifecycle returns the lifecycle of the copies that remux makes: they expire when an original would move to
// cheaper storage.
func newCopiesLifecycle() *awss3.LifecycleRule {
	return &awss3.LifecycleRule{
		Prefix: jsii.String(services.CopyPrefix), Expiration: cdkDuration(standardStorageDuration),
	}
}

// newBucket makes a private bucket that browsers may use through presigned URLs, as the CORS rule allows. It deletes
// the parts of uploads that were never completed, and applies the lifecycle rules.
func newBucket(
	scope constructs.Construct, id string, set settings, cors *awss3.CorsRule, rules ...*awss3.LifecycleRule,
) awss3.Bucket {
	rules = append(rules,
		&awss3.LifecycleRule{AbortIncompleteMultipartUploadAfter: cdkDuration(incompleteUploadRetention)})
	bucket := awss3.NewBucket(scope, jsii.String(id), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		Cors:              &[]*awss3.CorsRule{cors},
		LifecycleRules:    &rules,
		RemovalPolicy:     set.removalPolicy(),
	})
	suppressNagRule(
		bucket, "S1",
		"Server access logs hold request URIs, and the query of ours is a signature that is good until it "+
			"expires. CloudTrail's data events tell the same without it.",
	)
	return bucket
}

// addObjectNotifications makes the bucket send a message to the queue for each original that arrives. It sets the
// notification on the CloudFormation resource, because the CDK's own method adds a custom resource with a function.
//
// S3 tests the queue when it creates the bucket. So the queue's policy has to exist before, and can't name the bucket;
// it allows buckets of this account whose names begin as CloudFormation begins those of this stack.
func addObjectNotifications(bucket awss3.Bucket, in *serviceQueue, set settings) {
	stack := awscdk.Stack_Of(bucket)
	ours := "s3:::" + strings.ToLower(set.buildStackName()) + "-*"
	in.queue.AddToResourcePolicy(allowAWSService(stack, "s3.amazonaws.com", ours, "sqs:SendMessage",
		in.queue.QueueArn()))
	bucket.Node().AddDependency(in.queue.Node().FindChild(jsii.String("Policy")))
	rule := func(name, value string) *awss3.CfnBucket_FilterRuleProperty {
		return &awss3.CfnBucket_FilterRuleProperty{Name: jsii.String(name), Value: jsii.String(value)}
	}
	made := bucket.Node().DefaultChild().(awss3.CfnBucket)
	made.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		QueueConfigurations: &[]*awss3.CfnBucket_QueueConfigurationProperty{{
			Event: jsii.String("s3:ObjectCreated:*"),
			Queue: in.queue.QueueArn(),
			Filter: &awss3.CfnBucket_NotificationFilterProperty{S3Key: &awss3.CfnBucket_S3KeyFilterProperty{
				Rules: &[]*awss3.CfnBucket_FilterRuleProperty{
					rule("prefix", services.SourcePrefix), rule("suffix", services.SourceSuffix),
				},
			}},
		}},
	})
}
