package costmodel

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Template is the part of a CloudFormation template that a bill depends on.
type Template struct {
	Resources map[string]Resource
}

// Resource is one resource of a template.
type Resource struct {
	Type       string
	Properties map[string]any
}

const (
	hoursPerMonth   = 730 // as AWS counts
	secondsPerMonth = hoursPerMonth * 3600
)

// An event source mapping polls its queue all the time, with five pollers. Lambda uses fewer only where no
// MaximumConcurrency is set (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). Each poll waits
// for a message as long as SQS allows.
const (
	pollersPerMapping = 5
	pollWaitSeconds   = 20
)

// IdleCost returns what the resources of a template cost in a month in which nobody uses them and nothing is stored.
// The error names each resource whose cost is not known.
func IdleCost(p Prices, t Template) ([]Line, error) {
	var lines []Line
	var errs []error
	c := idleContext{p, t}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		charge, known := chargesByType[r.Type]
		if !known {
			errs = append(errs, fmt.Errorf("%s: what does %s cost while idle? Add it to infra/costmodel", id, r.Type))
			continue
		}
		of, err := charge(c, r)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
		}
		lines = append(lines, of...)
	}
	return mergeLines(lines), errors.Join(errs...)
}

// idleContext has what a chargeFunc may need beside its resource.
type idleContext struct {
	Prices
	Template
}

// chargeFunc returns the lines of one resource; none if it costs nothing while idle.
type chargeFunc func(idleContext, Resource) ([]Line, error)

// chargesByType has what each type of resource costs while idle.
var chargesByType = map[string]chargeFunc{
	// Billed by request, message, gigabyte or viewer.
	"AWS::ApiGateway::Account":               chargeNothing,
	"AWS::ApiGateway::Authorizer":            chargeNothing,
	"AWS::ApiGateway::BasePathMapping":       chargeNothing,
	"AWS::ApiGateway::Deployment":            chargeNothing,
	"AWS::ApiGateway::DomainName":            chargeNothing,
	"AWS::ApiGateway::GatewayResponse":       chargeNothing,
	"AWS::ApiGateway::Method":                chargeNothing,
	"AWS::ApiGateway::Model":                 chargeNothing,
	"AWS::ApiGateway::RequestValidator":      chargeNothing,
	"AWS::ApiGateway::Resource":              chargeNothing,
	"AWS::ApiGateway::RestApi":               chargeNothing,
	"AWS::ApiGateway::Stage":                 chargeNothingUnlessSet("CacheClusterEnabled"),
	"AWS::Budgets::Budget":                   chargeNothing, // without actions
	"AWS::CloudFront::Distribution":          chargeNothing,
	"AWS::CloudFront::Function":              chargeNothing,
	"AWS::CloudFront::KeyValueStore":         chargeNothing,
	"AWS::CloudFront::OriginAccessControl":   chargeNothing,
	"AWS::CloudFront::ResponseHeadersPolicy": chargeNothing,
	"AWS::DynamoDB::Table":                   chargeTable,
	"AWS::IAM::Role":                         chargeNothing,
	"AWS::Lambda::Alias":                     chargeNothingUnlessSet("ProvisionedConcurrencyConfig"),
	"AWS::Lambda::EventInvokeConfig":         chargeNothing,
	"AWS::Lambda::Function":                  chargeNothing,
	"AWS::Lambda::LayerVersion":              chargeNothing,
	"AWS::Lambda::Permission":                chargeNothing,
	"AWS::Lambda::Version":                   chargeNothingUnlessSet("ProvisionedConcurrencyConfig"),
	"AWS::Logs::LogGroup":                    chargeLogGroup,
	"AWS::Logs::MetricFilter":                chargeMetricFilter,
	"AWS::S3::Bucket":                        chargeNothing,
	"AWS::S3::BucketPolicy":                  chargeNothing,
	"AWS::SNS::Subscription":                 chargeNothing,
	"AWS::SNS::Topic":                        chargeNothing,
	"AWS::SNS::TopicPolicy":                  chargeNothing,
	// each use of a KMS key is billed
	"AWS::SQS::Queue":         chargeNothingUnlessSet("KmsMasterKeyId"),
	"AWS::SQS::QueuePolicy":   chargeNothing,
	"AWS::XRay::Group":        chargeNothing, // if insights are off, which are billed by trace
	"AWS::XRay::SamplingRule": chargeNothing,

	// Billed all the time.
	"AWS::CloudWatch::Alarm":          chargeAlarm,
	"AWS::CloudWatch::CompositeAlarm": chargeEach("alarms", "alarm-composite"),
	"AWS::CloudWatch::Dashboard":      chargeDashboard,
	"AWS::Events::Rule":               chargeRule,
	"AWS::KMS::Key":                   chargeEach("keys", "kms-key"),
	"AWS::Lambda::EventSourceMapping": chargeMapping,
	"AWS::Scheduler::Schedule":        chargeSchedule,
	"AWS::SecretsManager::Secret":     chargeEach("secrets", "secret"),
	"AWS::WAFv2::WebACL":              chargeWebACL,
}

func chargeNothing(idleContext, Resource) ([]Line, error) { return nil, nil }

// chargeNothingUnlessSet is for a resource that costs nothing as long as a property is not set.
func chargeNothingUnlessSet(property string) chargeFunc {
	return func(_ idleContext, r Resource) ([]Line, error) {
		if v, set := r.Properties[property]; set && v != false {
			return nil, fmt.Errorf("%s with %s has no price in infra/costmodel", r.Type, property)
		}
		return nil, nil
	}
}

func chargeEach(what, price string) chargeFunc {
	return func(c idleContext, _ Resource) ([]Line, error) { return []Line{c.newLine(what, price, 1)}, nil }
}

// chargeTable accepts tables that are billed by request. Their storage and backups are billed by gigabyte.
func chargeTable(_ idleContext, r Resource) ([]Line, error) {
	if mode := r.Properties["BillingMode"]; mode != "PAY_PER_REQUEST" {
		return nil, fmt.Errorf("a table with BillingMode %v has no price in infra/costmodel", mode)
	}
	if lookupPath(r.Properties, "SSESpecification", "SSEEnabled") == true { // else AWS owns the key
		return nil, errors.New("a table whose KMS key is billed by use has no price in infra/costmodel")
	}
	return nil, nil
}

func chargeLogGroup(_ idleContext, r Resource) ([]Line, error) {
	if r.Properties["RetentionInDays"] == nil {
		return nil, errors.New("a log group that keeps its lines for ever costs more each month")
	}
	return nil, nil
}

// chargeAlarm charges for each metric that an alarm reads.
func chargeAlarm(c idleContext, r Resource) ([]Line, error) {
	n := 0
	queries, _ := r.Properties["Metrics"].([]any)
	for _, q := range queries {
		if lookupPath(q, "MetricStat") != nil {
			n++
		}
	}
	price := "alarm"
	if period, ok := r.Properties["Period"].(float64); ok && period < 60 {
		price = "alarm-fine"
	}
	return []Line{c.newLine("alarms", price, float64(max(n, 1)))}, nil
}

// chargeDashboard charges nothing, because an account has three dashboards without cost. The line shows that there is
// one.
func chargeDashboard(c idleContext, _ Resource) ([]Line, error) {
	l := c.newLine("a dashboard (three are free)", "dashboard", 1)
	l.USD = 0
	return []Line{l}, nil
}

// chargeMetricFilter accepts filters whose metrics have values only when a log line matches: a metric costs money in
// each hour in which it has a value.
func chargeMetricFilter(_ idleContext, r Resource) ([]Line, error) {
	made, _ := r.Properties["MetricTransformations"].([]any)
	for _, m := range made {
		if lookupPath(m, "DefaultValue") != nil {
			return nil, errors.New("a metric with a default value is paid for all the time")
		}
	}
	return nil, nil
}

func chargeWebACL(c idleContext, r Resource) ([]Line, error) {
	rules, _ := r.Properties["Rules"].([]any)
	return []Line{c.newLine("web ACLs", "web-acl", 1), c.newLine("web ACLs", "web-acl-rule", float64(len(rules)))}, nil
}

// chargeMapping charges for polling an empty queue.
func chargeMapping(c idleContext, r Resource) ([]Line, error) {
	if r.Properties["ProvisionedPollerConfig"] != nil {
		return nil, errors.New("provisioned pollers have no price in infra/costmodel")
	}
	queue, ok := c.resolveReference(r.Properties["EventSourceArn"])
	if !ok || queue.Type != "AWS::SQS::Queue" {
		return nil, errors.New("a mapping from anything but a queue of the template has no price in infra/costmodel")
	}
	price := "sqs-standard"
	if queue.Properties["FifoQueue"] == true {
		price = "sqs-fifo"
	}
	return []Line{c.newLine("polling empty queues", price, pollersPerMapping*secondsPerMonth/pollWaitSeconds)}, nil
}

// resolveReference returns the resource of the template that a value (Ref or Fn::GetAtt) refers to.
func (t Template) resolveReference(v any) (Resource, bool) {
	id, _ := lookupPath(v, "Ref").(string)
	if att, ok := lookupPath(v, "Fn::GetAtt").([]any); ok && len(att) > 0 {
		id, _ = att[0].(string)
	}
	r, ok := t.Resources[id]
	return r, ok
}

// lookupPath returns the value at a path in nested objects; nil if there is none.
func lookupPath(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
