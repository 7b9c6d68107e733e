package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

// iamActions are the IAM actions that each of the map's actions stands for.
//
// Parts go straight to S3 on URLs that api has signed: S3 then asks whether api may put the object. Transactions need
// the rights of the items in them and no other.
var iamActions = map[services.Action][]string{
	services.ReadObjects:     {"s3:GetObject"},
	services.WriteObjects:    {"s3:PutObject"},
	services.UploadObjects:   {"s3:ListMultipartUploadParts", "s3:PutObject"},
	services.DeleteObjects:   {"s3:DeleteObject"},
	services.AbortUploads:    {"s3:AbortMultipartUpload"},
	services.GetRows:         {"dynamodb:GetItem"},
	services.ReadRows:        {"dynamodb:GetItem", "dynamodb:Query"},
	services.PutRows:         {"dynamodb:PutItem"},
	services.WriteRows:       {"dynamodb:PutItem", "dynamodb:UpdateItem"},
	services.DeleteRows:      {"dynamodb:BatchWriteItem", "dynamodb:Query"},
	services.QueryIndex:      {"dynamodb:Query"},
	services.ReadSecret:      {"secretsmanager:GetSecretValue"},
	services.ReadQueueDepth:  {"sqs:GetQueueAttributes"},
	services.ConnectOutbound: {}, // AWS has no say in it
	services.DrainMessages:   {"sqs:DeleteMessage", "sqs:ReceiveMessage"},
	services.RedriveMessages: {"sqs:SendMessage"},
	services.ReadTraces:      {"xray:BatchGetTraces", "xray:GetTraceSummaries"},
	services.ReadQueueAges:   {"cloudwatch:GetMetricData"},
	services.Autoscale:       {"lambda:UpdateEventSourceMapping"},
	services.InvokeFunction:  {"lambda:InvokeFunction"},
}

// newPolicyDocument returns all that the role of s may do.
func newPolicyDocument(s services.Service, log awslogs.LogGroup, around serviceDeps) awsiam.PolicyDocument {
	all := []awsiam.PolicyStatement{
		allowActions([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, *log.LogGroupArn()),
		allowActions([]string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "*"),
	}
	for _, r := range s.Permissions {
		all = append(all, around.allowPermission(r)...)
	}
	for _, to := range s.Destinations() {
		if to == services.Topic {
			all = append(all, allowActions([]string{"sns:Publish"}, *around.data.topic.TopicArn()))
		} else {
			receiver, _ := services.Lookup(to)
			all = append(all, allowActions([]string{"sqs:SendMessage"}, around.queueARNs(receiver.Queues(), (*serviceQueue).queueARN)...))
		}
	}
	if s.Inbox != nil {
		all = append(all, around.allowConsuming(s.Queues())...)
	}
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &all})
}

// allowConsuming returns the rights of an inbox's consumer: to take messages and, if one is poison, to file it at once.
func (a serviceDeps) allowConsuming(queues []services.Queue) []awsiam.PolicyStatement {
	take := []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
	return []awsiam.PolicyStatement{
		allowActions(take, a.queueARNs(queues, (*serviceQueue).queueARN)...),
		allowActions([]string{"sqs:SendMessage"}, a.queueARNs(queues[:1], (*serviceQueue).deadLetterARN)...),
	}
}

// allowPermission returns the statements of one right. It panics on a right that the map doesn't define.
func (a serviceDeps) allowPermission(r services.Permission) []awsiam.PolicyStatement {
	does, known := iamActions[r.Action]
	d := a.data
	switch {
	case known && r.Resource == "table":
		return []awsiam.PolicyStatement{allowRows(does, *d.table.TableArn(), r.Only)}
	case known && indexes[r.Resource] != (index{}):
		return []awsiam.PolicyStatement{allowRows(does, *d.table.TableArn()+"/index/"+r.Resource, r.Only)}
	case known && r.Resource == "inboxes":
		return []awsiam.PolicyStatement{allowActions(does, a.queueARNs(services.ListQueues(), (*serviceQueue).queueARN)...)}
	case known && r.Resource == "feeds":
		return []awsiam.PolicyStatement{allowActions(does, a.queueARNs(services.ListQueues(), (*serviceQueue).mappingARN)...)}
	case known && r.Resource == "functions":
		return []awsiam.PolicyStatement{allowActions(does, mapStrings(r.Only, a.functionARN)...)}
	case known && r.Resource == "internet":
		return nil
	case known && (r.Resource == "traces" || r.Resource == "metrics"): // there is no resource to narrow it to
		return []awsiam.PolicyStatement{allowActions(does, "*")}
	case known && r.Resource == "producers":
		return a.allowReadingBuckets(a.producerBuckets, does)
	case known && r.Resource == "dead-letters":
		return []awsiam.PolicyStatement{allowActions(does, a.queueARNs(firstQueues(), (*serviceQueue).deadLetterARN)...)}
	case known && r.Resource == "source":
		return allowObjects(d.source, r, does)
	case known && r.Resource == "media":
		return allowObjects(d.media, r, does)
	case known && r.Resource == "playback-key":
		return []awsiam.PolicyStatement{allowActions(does, *d.playbackKey.SecretArn())}
	}
	panic(fmt.Sprintf("infra: the map has a right %q on %q, which means nothing here", r.Action, r.Resource))
}

// allowRows allows what is done to rows with these kinds of partition keys.
func allowRows(does []string, on string, kinds []string) awsiam.PolicyStatement {
	return addCondition(allowActions(does, on), "ForAllValues:StringLike", "dynamodb:LeadingKeys", mapStrings(kinds, appendSuffix("#*")))
}

// queueARNs returns an ARN of each queue.
func (a serviceDeps) queueARNs(queues []services.Queue, of func(*serviceQueue) string) (arns []string) {
	for _, q := range queues {
		arns = append(arns, of(a.serviceQueues[q.Name]))
	}
	return arns
}

// firstQueues returns the first queue of each inbox.
func firstQueues() (queues []services.Queue) {
	for _, s := range services.Map {
		queues = append(queues, s.Queues()[:min(1, len(s.Queues()))]...)
	}
	return queues
}

// functionARN returns the ARN of a service's function, by its name: the function itself may not be there yet, or wait for
// who calls it.
func (a serviceDeps) functionARN(service string) string {
	return *awscdk.Stack_Of(a.data.table).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("lambda"), Resource: jsii.String("function"), ResourceName: jsii.String(namePrefix + service),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}

// allowReadingBuckets returns the statements of a right on all objects of buckets that are not ours: their owners' policies, too, must
// allow it where they are of another account.
func (a serviceDeps) allowReadingBuckets(buckets, does []string) []awsiam.PolicyStatement {
	if len(buckets) == 0 {
		return nil
	}
	var names, keys []string
	for _, b := range buckets {
		arn := "arn:" + *awscdk.Stack_Of(a.data.table).Partition() + ":s3:::" + b
		names, keys = append(names, arn), append(keys, arn+"/*")
	}
	return []awsiam.PolicyStatement{allowActions(does, keys...), allowActions([]string{"s3:ListBucket"}, names...)}
}

func (in *serviceQueue) queueARN() string      { return *in.queue.QueueArn() }
func (in *serviceQueue) deadLetterARN() string { return *in.deadLetters.QueueArn() }
func (in *serviceQueue) mappingARN() string    { return *in.eventSourceMapping.EventSourceMappingArn() }

// allowObjects returns the statements of a right on a bucket. To a reader without s3:ListBucket, S3 says 403 of an object
// that isn't there instead of 404, so readers have it, for their prefixes only. It is StringLikeIfExists because a GET
// of an object carries no s3:prefix; a list without any prefix passes too, and finds no more: all keys have a prefix.
func allowObjects(b awss3.Bucket, r services.Permission, does []string) []awsiam.PolicyStatement {
	var keys []string
	for _, prefix := range r.Only {
		keys = append(keys, *b.ArnForObjects(jsii.String(prefix + "*")))
	}
	all := []awsiam.PolicyStatement{allowActions(does, keys...)}
	if r.Action == services.ReadObjects || r.Action == services.DeleteObjects {
		all = append(all, addCondition(allowActions([]string{"s3:ListBucket"}, *b.BucketArn()),
			"StringLikeIfExists", "s3:prefix", mapStrings(r.Only, appendSuffix("*"))))
	}
	return all
}

func allowActions(actions []string, resources ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: jsii.Strings(resources...),
	})
}

func addCondition(s awsiam.PolicyStatement, operator, key string, values []string) awsiam.PolicyStatement {
	s.AddCondition(jsii.String(operator), map[string]any{key: values})
	return s
}

func mapStrings(values []string, to func(string) string) []string {
	var out []string
	for _, v := range values {
		out = append(out, to(v))
	}
	return out
}

func appendSuffix(with string) func(string) string { return func(v string) string { return v + with } }
