package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/services"
)

// statements returns, for each resource of the service map but the table and its indexes, the statements that allow IAM
// actions on it.
var statements = map[services.Resource]func(
	d serviceDeps, p services.Permission, actions []string,
) []awsiam.PolicyStatement{
	services.SourceBucket:    allowObjects,
	services.MediaBucket:     allowObjects,
	services.ProducerBuckets: allowProducerBuckets,
	services.PlaybackKey: allowARNs(func(d serviceDeps, _ []string) []string {
		return []string{*d.data.playbackKey.SecretArn()}
	}),
	services.AllQueues: allowARNs(func(d serviceDeps, _ []string) []string {
		return d.queueARNs(services.ListQueues(), (*serviceQueue).queueARN)
	}),
	services.AllDeadLetterQueues: allowARNs(func(d serviceDeps, _ []string) []string {
		var first []services.Queue // of each inbox
		for _, s := range services.Map {
			first = append(first, s.Queues()[:min(1, len(s.Queues()))]...)
		}
		return d.queueARNs(first, (*serviceQueue).deadLetterARN)
	}),
	services.AllEventSourceMappings: allowARNs(func(d serviceDeps, _ []string) []string {
		return d.queueARNs(services.ListQueues(), (*serviceQueue).mappingARN)
	}),
	services.Functions: allowARNs(func(d serviceDeps, only []string) []string {
		return mapStrings(only, d.functionARN)
	}),
	services.CDNStore: allowOnCDN(func(_ serviceDeps, c *cdn) string { return *c.keyValueStore.KeyValueStoreArn() }),
	services.CDNDistribution: allowOnCDN(func(d serviceDeps, c *cdn) string {
		return "arn:" + *awscdk.Stack_Of(d.data.table).Partition() + ":cloudfront::" +
			*awscdk.Stack_Of(d.data.table).Account() + ":distribution/" + *c.distribution.DistributionId()
	}),
	services.Traces:  allowARNs(anyResource),
	services.Metrics: allowARNs(anyResource),
	services.Internet: func(serviceDeps, services.Permission, []string) []awsiam.PolicyStatement {
		return nil // IAM does not control it
	},
}

// anyResource is for actions that IAM can't narrow to a resource.
func anyResource(serviceDeps, []string) []string { return []string{"*"} }

func allowARNs(
	arns func(d serviceDeps, only []string) []string,
) func(serviceDeps, services.Permission, []string) []awsiam.PolicyStatement {
	return func(d serviceDeps, p services.Permission, actions []string) []awsiam.PolicyStatement {
		return []awsiam.PolicyStatement{allowActions(actions, arns(d, p.Only)...)}
	}
}

// allowOnCDN allows actions on a part of the CDN, and nothing if there is none.
func allowOnCDN(
	arn func(d serviceDeps, c *cdn) string,
) func(serviceDeps, services.Permission, []string) []awsiam.PolicyStatement {
	return func(d serviceDeps, _ services.Permission, actions []string) []awsiam.PolicyStatement {
		if d.cdn == nil {
			return nil
		}
		return []awsiam.PolicyStatement{allowActions(actions, arn(d, d.cdn))}
	}
}

// allowPermission returns the statements of one permission. It panics if the service map doesn't define it.
func (d serviceDeps) allowPermission(p services.Permission) []awsiam.PolicyStatement {
	actions, build := listIAMActions(p), statements[p.Resource]
	if build == nil {
		panic(fmt.Sprintf("infra: no statement is defined for %s", p.Resource))
	}
	return build(d, p, actions)
}

// listIAMActions returns the IAM actions of a permission. It panics if the service map doesn't define it.
func listIAMActions(p services.Permission) []string {
	actions, ok := p.IAMActions()
	if !ok {
		panic(fmt.Sprintf("infra: the permission %s on %s is not defined", p.Action, p.Resource))
	}
	return actions
}

// newPolicyDocument returns all that the role of a service may do.
func newPolicyDocument(s services.Service, log awslogs.LogGroup, deps serviceDeps) awsiam.PolicyDocument {
	all := []awsiam.PolicyStatement{
		allowActions([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, *log.LogGroupArn()),
		allowActions([]string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}, "*"),
	}
	onRows, others := splitRowPermissions(s.Permissions)
	all = append(all, deps.allowRows(onRows)...)
	for _, p := range others {
		all = append(all, deps.allowPermission(p)...)
	}
	for _, to := range s.Destinations() {
		if to == services.Topic {
			all = append(all, allowActions([]string{"sns:Publish"}, *deps.data.topic.TopicArn()))
		} else {
			receiver, _ := services.Lookup(to)
			all = append(
				all,
				allowActions([]string{"sqs:SendMessage"},
					deps.queueARNs(receiver.Queues(), (*serviceQueue).queueARN)...),
			)
		}
	}
	// A consumer takes messages, and sends one that can't be handled to the dead-letter queue at once.
	if queues := s.Queues(); s.Inbox != nil {
		take := []string{
			"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
		}
		all = append(all, allowActions(take, deps.queueARNs(queues, (*serviceQueue).queueARN)...),
			allowActions([]string{"sqs:SendMessage"}, deps.queueARNs(queues[:1], (*serviceQueue).deadLetterARN)...))
	}
	return awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &all})
}

// allowObjects allows actions on the objects of a bucket whose keys begin with one of the prefixes; s3:ListBucket is on
// the bucket itself. Its condition is StringLikeIfExists because a GET of an object carries no s3:prefix. A list
// without a prefix passes too, and finds no more objects: every key has one of the prefixes.
func allowObjects(d serviceDeps, p services.Permission, actions []string) []awsiam.PolicyStatement {
	b := d.data.source
	if p.Resource == services.MediaBucket {
		b = d.data.media
	}
	onObjects, list := splitAction(actions, "s3:ListBucket")
	keys := appendSuffix(p.Only, "*")
	all := []awsiam.PolicyStatement{allowActions(onObjects, mapStrings(keys, func(key string) string {
		return *b.ArnForObjects(jsii.String(key))
	})...)}
	if list != nil {
		all = append(all, addCondition(allowActions(list, *b.BucketArn()), "StringLikeIfExists", "s3:prefix", keys))
	}
	return all
}

// allowProducerBuckets allows actions on all objects of the producers' buckets, and to decrypt them with the producers'
// keys when S3 reads them. The policies of a bucket and of a key in another account must allow it too:
// https://repost.aws/knowledge-center/cross-account-access-denied-error-s3
func allowProducerBuckets(d serviceDeps, _ services.Permission, actions []string) (all []awsiam.PolicyStatement) {
	if len(d.producerBuckets) == 0 {
		return nil
	}
	stack := awscdk.Stack_Of(d.data.table)
	var buckets []string
	for _, b := range d.producerBuckets {
		buckets = append(buckets, "arn:"+*stack.Partition()+":s3:::"+b)
	}
	onObjects, list := splitAction(actions, "s3:ListBucket")
	onObjects, decrypt := splitAction(onObjects, "kms:Decrypt")
	all = append(all, allowActions(onObjects, appendSuffix(buckets, "/*")...), allowActions(list, buckets...))
	if len(d.producerKeys) > 0 {
		throughS3 := []string{"s3.*." + *stack.UrlSuffix()}
		all = append(all,
			addCondition(allowActions(decrypt, d.producerKeys...), "StringLike", "kms:ViaService", throughS3))
	}
	return all
}

// splitAction separates an action from the others: those on objects do not include s3:ListBucket, which is on a bucket.
func splitAction(actions []string, action string) (others, found []string) {
	for _, a := range actions {
		if a == action {
			found = append(found, a)
		} else {
			others = append(others, a)
		}
	}
	return others, found
}

// queueARNs returns an ARN of each queue.
func (d serviceDeps) queueARNs(queues []services.Queue, of func(*serviceQueue) string) (arns []string) {
	for _, q := range queues {
		arns = append(arns, of(d.serviceQueues[q.Name]))
	}
	return arns
}

// functionARN returns the ARN of a service's function, made from its name: the function may not exist yet.
func (d serviceDeps) functionARN(service string) string {
	return *awscdk.Stack_Of(d.data.table).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("lambda"), Resource: jsii.String("function"),
		ResourceName: jsii.String(d.buildName(service)), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}

func (q *serviceQueue) queueARN() string      { return *q.queue.QueueArn() }
func (q *serviceQueue) deadLetterARN() string { return *q.deadLetters.QueueArn() }
func (q *serviceQueue) mappingARN() string    { return *q.eventSourceMapping.EventSourceMappingArn() }

func allowActions(actions []string, resources ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: jsii.Strings(resources...),
	})
}

// allowAWSService allows a service of AWS an action on a resource, for sources of this account only, whose ARNs
// (without "arn:" and the partition) match a pattern.
func allowAWSService(stack awscdk.Stack, service, sources, action string, resource *string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String(service), nil)},
		Actions:    jsii.Strings(action),
		Resources:  &[]*string{resource},
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()},
			"ArnLike":      map[string]any{"aws:SourceArn": "arn:" + *stack.Partition() + ":" + sources},
		},
	})
}

func addCondition(s awsiam.PolicyStatement, operator, key string, values []string) awsiam.PolicyStatement {
	s.AddCondition(jsii.String(operator), map[string]any{key: values})
	return s
}

func mapStrings(values []string, to func(string) string) (all []string) {
	for _, v := range values {
		all = append(all, to(v))
	}
	return all
}

func appendSuffix(values []string, suffix string) []string {
	return mapStrings(values, func(v string) string { return v + suffix })
}
