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

// actions are the IAM actions that each of the map's actions stands for.
//
// Parts go straight to S3 on URLs that api has signed: S3 then asks whether api may put the object. Transactions need
// the rights of the items in them and no other.
var actions = map[services.Action][]string{
	services.ReadObjects:   {"s3:GetObject"},
	services.WriteObjects:  {"s3:PutObject"},
	services.Upload:        {"s3:ListMultipartUploadParts", "s3:PutObject"},
	services.DeleteObjects: {"s3:DeleteObject"},
	services.AbortUploads:  {"s3:AbortMultipartUpload"},
	services.GetRows:       {"dynamodb:GetItem"},
	services.ReadRows:      {"dynamodb:GetItem", "dynamodb:Query"},
	services.PutRows:       {"dynamodb:PutItem"},
	services.WriteRows:     {"dynamodb:PutItem", "dynamodb:UpdateItem"},
	services.DeleteRows:    {"dynamodb:BatchWriteItem", "dynamodb:Query"},
	services.QueryIndex:    {"dynamodb:Query"},
	services.ReadSecret:    {"secretsmanager:GetSecretValue"},
	services.ReadDepth:     {"sqs:GetQueueAttributes"},
	services.Connect:       {}, // AWS has no say in it
	services.Drain:         {"sqs:DeleteMessage", "sqs:ReceiveMessage"},
	services.Redrive:       {"sqs:SendMessage"},
	services.ReadTraces:    {"xray:BatchGetTraces", "xray:GetTraceSummaries"},
	services.ReadAges:      {"cloudwatch:GetMetricData"},
	services.Steer:         {"lambda:UpdateEventSourceMapping"},
	services.Wake:          {"lambda:InvokeFunction"},
}

// rights returns all that the role of s may do.
func rights(s services.Service, log awslogs.LogGroup, around surroundings) awsiam.PolicyDocument {
	all := []awsiam.PolicyStatement{
		allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, *log.LogGroupArn()),
		allow([]string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "*"),
	}
	for _, r := range s.May {
		all = append(all, around.permit(r)...)
	}
	for _, to := range s.Sends() {
		if to == services.Topic {
			all = append(all, allow([]string{"sns:Publish"}, *around.data.topic.TopicArn()))
		} else {
			receiver, _ := services.Lookup(to)
			all = append(all, allow([]string{"sqs:SendMessage"}, around.queues(receiver.Queues(), (*inbox).arn)...))
		}
	}
	if s.Inbox != nil {
		all = append(all, around.consume(s.Queues())...)
	}
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &all})
}

// consume returns the rights of an inbox's consumer: to take messages and, if one is poison, to file it at once.
func (a surroundings) consume(queues []services.Queue) []awsiam.PolicyStatement {
	take := []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
	return []awsiam.PolicyStatement{
		allow(take, a.queues(queues, (*inbox).arn)...),
		allow([]string{"sqs:SendMessage"}, a.queues(queues[:1], (*inbox).deadARN)...),
	}
}

// permit returns the statements of one right. It panics on a right that the map doesn't define.
func (a surroundings) permit(r services.Right) []awsiam.PolicyStatement {
	does, known := actions[r.Action]
	d := a.data
	switch {
	case known && r.On == "table":
		return []awsiam.PolicyStatement{keyed(does, *d.table.TableArn(), r.Only)}
	case known && indexes[r.On] != (index{}):
		return []awsiam.PolicyStatement{keyed(does, *d.table.TableArn()+"/index/"+r.On, r.Only)}
	case known && r.On == "inboxes":
		return []awsiam.PolicyStatement{allow(does, a.queues(services.Queues(), (*inbox).arn)...)}
	case known && r.On == "feeds":
		return []awsiam.PolicyStatement{allow(does, a.queues(services.Queues(), (*inbox).feedARN)...)}
	case known && r.On == "functions":
		return []awsiam.PolicyStatement{allow(does, each(r.Only, a.function)...)}
	case known && r.On == "internet":
		return nil
	case known && (r.On == "traces" || r.On == "metrics"): // there is no resource to narrow it to
		return []awsiam.PolicyStatement{allow(does, "*")}
	case known && r.On == "producers":
		return a.read(a.masters, does)
	case known && r.On == "dead-letters":
		return []awsiam.PolicyStatement{allow(does, a.queues(firsts(), (*inbox).deadARN)...)}
	case known && r.On == "source":
		return objects(d.source, r, does)
	case known && r.On == "media":
		return objects(d.media, r, does)
	case known && r.On == "playback-key":
		return []awsiam.PolicyStatement{allow(does, *d.playbackKey.SecretArn())}
	}
	panic(fmt.Sprintf("infra: the map has a right %q on %q, which means nothing here", r.Action, r.On))
}

// keyed allows what is done to rows with these kinds of partition keys.
func keyed(does []string, on string, kinds []string) awsiam.PolicyStatement {
	return narrow(allow(does, on), "ForAllValues:StringLike", "dynamodb:LeadingKeys", each(kinds, ending("#*")))
}

// queues returns an ARN of each queue.
func (a surroundings) queues(queues []services.Queue, of func(*inbox) string) (arns []string) {
	for _, q := range queues {
		arns = append(arns, of(a.inboxes[q.Name]))
	}
	return arns
}

// firsts returns the first queue of each inbox.
func firsts() (queues []services.Queue) {
	for _, s := range services.Map {
		queues = append(queues, s.Queues()[:min(1, len(s.Queues()))]...)
	}
	return queues
}

// function returns the ARN of a service's function, by its name: the function itself may not be there yet, or wait for
// who calls it.
func (a surroundings) function(service string) string {
	return *awscdk.Stack_Of(a.data.table).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("lambda"), Resource: jsii.String("function"), ResourceName: jsii.String(prefix + service),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}

// read returns the statements of a right on all objects of buckets that are not ours: their owners' policies, too, must
// allow it where they are of another account.
func (a surroundings) read(buckets, does []string) []awsiam.PolicyStatement {
	if len(buckets) == 0 {
		return nil
	}
	var names, keys []string
	for _, b := range buckets {
		arn := "arn:" + *awscdk.Stack_Of(a.data.table).Partition() + ":s3:::" + b
		names, keys = append(names, arn), append(keys, arn+"/*")
	}
	return []awsiam.PolicyStatement{allow(does, keys...), allow([]string{"s3:ListBucket"}, names...)}
}

func (in *inbox) arn() string     { return *in.queue.QueueArn() }
func (in *inbox) deadARN() string { return *in.dead.QueueArn() }
func (in *inbox) feedARN() string { return *in.mapping.EventSourceMappingArn() }

// objects returns the statements of a right on a bucket. To a reader without s3:ListBucket, S3 says 403 of an object
// that isn't there instead of 404, so readers have it, for their prefixes only. It is StringLikeIfExists because a GET
// of an object carries no s3:prefix; a list without any prefix passes too, and finds no more: all keys have a prefix.
func objects(b awss3.Bucket, r services.Right, does []string) []awsiam.PolicyStatement {
	var keys []string
	for _, prefix := range r.Only {
		keys = append(keys, *b.ArnForObjects(jsii.String(prefix + "*")))
	}
	all := []awsiam.PolicyStatement{allow(does, keys...)}
	if r.Action == services.ReadObjects || r.Action == services.DeleteObjects {
		all = append(all, narrow(allow([]string{"s3:ListBucket"}, *b.BucketArn()),
			"StringLikeIfExists", "s3:prefix", each(r.Only, ending("*"))))
	}
	return all
}

func allow(actions []string, resources ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: jsii.Strings(resources...),
	})
}

func narrow(s awsiam.PolicyStatement, operator, key string, values []string) awsiam.PolicyStatement {
	s.AddCondition(jsii.String(operator), map[string]any{key: values})
	return s
}

func each(values []string, to func(string) string) []string {
	var out []string
	for _, v := range values {
		out = append(out, to(v))
	}
	return out
}

func ending(with string) func(string) string { return func(v string) string { return v + with } }
