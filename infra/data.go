package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

const (
	playbackKeyLength         = 64                 // characters of the key of playback tokens: more than 256 bits
	incompleteUploadRetention = 2 * 24 * time.Hour // parts of an upload that nobody completed
	corsMaxAge                = time.Hour          // how long a browser remembers what CORS allows
	// standardStorageDuration is how long an original stays where reading it costs nothing extra: by then it was encoded, or the dead
	// letters about it are gone. Later S3 itself moves it to where it costs less, as it is read or not
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html).
	standardStorageDuration = deadLetterRetention
)

// data is all that outlives an invocation: rows, objects, the topic of facts, the key of playback tokens.
type data struct {
	table         awsdynamodb.Table
	source, media awss3.Bucket
	topic         awssns.Topic
	playbackKey   awssecretsmanager.Secret
}

// newData makes the stores. Each original that arrives in the source bucket is announced to originals.
func newData(scope constructs.Construct, set settings, originals *serviceQueue) *data {
	scope = constructs.NewConstruct(scope, jsii.String("Data"))
	d := &data{table: newTable(scope, set)}
	d.source = newBucket(scope, "Source", set, uploadCORSRule(set.corsOrigins...), newOriginalsLifecycle(set))
	d.media = newBucket(scope, "Media", set, &awss3.CorsRule{
		AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_GET, awss3.HttpMethods_HEAD},
		AllowedHeaders: jsii.Strings("Range"),
		ExposedHeaders: jsii.Strings("ETag", "Content-Length", "Content-Range"),
		AllowedOrigins: jsii.Strings(set.corsOrigins...),
		MaxAge:         jsii.Number(corsMaxAge.Seconds()),
	})
	addObjectNotifications(d.source, originals)
	d.topic = awssns.NewTopic(scope, jsii.String("Facts"), &awssns.TopicProps{
		TopicName:  jsii.String(namePrefix + "events"),
		EnforceSSL: jsii.Bool(true),
	})
	d.playbackKey = newPlaybackKey(scope, set)
	return d
}

// allowStudioOrigin lets the studio send parts to the source bucket, from wherever else pages may.
func (d *data) allowStudioOrigin(origin string, set settings) {
	if !slices.Contains(set.corsOrigins, "*") && !slices.Contains(set.corsOrigins, origin) {
		d.source.AddCorsRule(uploadCORSRule(origin))
	}
}

// uploadCORSRule lets pages of the origins send parts, and read what completing an upload asks for: the ETag of each.
func uploadCORSRule(origins ...string) *awss3.CorsRule {
	return &awss3.CorsRule{
		AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_PUT, awss3.HttpMethods_GET, awss3.HttpMethods_HEAD},
		AllowedHeaders: jsii.Strings("*"),
		ExposedHeaders: jsii.Strings("ETag"),
		AllowedOrigins: jsii.Strings(origins...),
		MaxAge:         jsii.Number(corsMaxAge.Seconds()),
	}
}

// newPlaybackKey makes the key of playback tokens. It is generated on AWS and known to no template.
func newPlaybackKey(scope constructs.Construct, set settings) awssecretsmanager.Secret {
	key := awssecretsmanager.NewSecret(scope, jsii.String("PlaybackKey"), &awssecretsmanager.SecretProps{
		Description: jsii.String("Signs the tokens in Sluice's playback paths"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			PasswordLength:     jsiiNumber(playbackKeyLength),
			ExcludePunctuation: jsii.Bool(true),
		},
		RemovalPolicy: set.removalPolicy(),
	})
	suppressNagRule(key, "SMG4", "Links signed with a key end with it, so people replace it when they must, not a clock.")
	return key
}

func newTable(scope constructs.Construct, set settings) awsdynamodb.Table {
	table := awsdynamodb.NewTable(scope, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey: &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
		SortKey:      &awsdynamodb.Attribute{Name: jsii.String("sk"), Type: awsdynamodb.AttributeType_STRING},
		BillingMode:  awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:   awsdynamodb.TableEncryption_AWS_MANAGED,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		TimeToLiveAttribute: jsii.String(services.ExpiryAttribute),
		DeletionProtection:  jsii.Bool(!set.local),
		RemovalPolicy:       set.removalPolicy(),
	})
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		table.AddGlobalSecondaryIndex(indexes[name].cdkProps(name))
	}
	return table
}

// index is an index of the table: its keys, and what else of a row it holds.
type index struct {
	partition, sort    string
	includesAttributes bool // more than the keys: what a list of videos shows
}

// indexes are those of the map. A row is in an index while it has the partition key of that one.
var indexes = map[string]index{
	services.ByTenant:   {"owner", "created", true},
	services.ByExternal: {"external", "created", true},
	services.ByDeadline: {"due_shard", "due", false},
}

func (i index) cdkProps(name string) *awsdynamodb.GlobalSecondaryIndexProps {
	text := func(name string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
	}
	p := &awsdynamodb.GlobalSecondaryIndexProps{
		IndexName: jsii.String(name), PartitionKey: text(i.partition), SortKey: text(i.sort), ProjectionType: awsdynamodb.ProjectionType_KEYS_ONLY,
	}
	if i.includesAttributes {
		p.ProjectionType = awsdynamodb.ProjectionType_INCLUDE
		p.NonKeyAttributes = jsii.Strings(services.ListedAttributes...)
	}
	return p
}

// newOriginalsLifecycle returns what becomes of originals: they get cheaper and, where the deployment says so, end. Of a video
// without its original everything stays but the way to encode it again.
func newOriginalsLifecycle(set settings) *awss3.LifecycleRule {
	rule := &awss3.LifecycleRule{
		Prefix: jsii.String(services.SourcePrefix),
		Transitions: &[]*awss3.Transition{{
			StorageClass: awss3.StorageClass_INTELLIGENT_TIERING(), TransitionAfter: cdkDuration(standardStorageDuration),
		}},
	}
	if set.keepOriginalsDays > 0 {
		rule.Expiration = awscdk.Duration_Days(jsiiNumber(set.keepOriginalsDays))
	}
	return rule
}

// newBucket makes a private bucket that browsers may use with a presigned URL, as cors says. It forgets
// the parts of uploads that nobody completed, and ages its objects by the rules.
func newBucket(scope constructs.Construct, id string, set settings, cors *awss3.CorsRule, rules ...*awss3.LifecycleRule) awss3.Bucket {
	rules = append(rules, &awss3.LifecycleRule{AbortIncompleteMultipartUploadAfter: cdkDuration(incompleteUploadRetention)})
	bucket := awss3.NewBucket(scope, jsii.String(id), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		Cors:              &[]*awss3.CorsRule{cors},
		LifecycleRules:    &rules,
		RemovalPolicy:     set.removalPolicy(),
	})
	suppressNagRule(bucket, "S1", "Server access logs hold request URIs, and the query of ours is a signature that is good until it "+
		"expires. CloudTrail's data events tell the same without it.")
	return bucket
}

// addObjectNotifications has the bucket send a message to in for each original that arrives. The notification is written out: the
// CDK's own needs a function of its own at each deployment.
//
// S3 tries the queue when the bucket is made, so the policy must be there before, and cannot name the bucket: hence the
// account, and what CloudFormation begins this stack's bucket names with.
func addObjectNotifications(bucket awss3.Bucket, in *serviceQueue) {
	stack := awscdk.Stack_Of(bucket)
	ours := "arn:" + *stack.Partition() + ":s3:::" + strings.ToLower(stackName) + "-*"
	in.queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("s3.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"),
		Resources:  &[]*string{in.queue.QueueArn()},
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
			"ArnLike":      map[string]any{"aws:SourceArn": ours},
		},
	}))
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
