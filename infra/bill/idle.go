package bill

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Template is what a bill needs to know of a CloudFormation template.
type Template struct {
	Resources map[string]Resource
}

// Resource is one resource of a template.
type Resource struct {
	Type       string
	Properties map[string]any
}

const (
	hours   = 730 // of a month, as AWS counts
	seconds = hours * 3600
)

// An event source mapping polls its queue all the time: with five pollers, which it lowers only where no
// MaximumConcurrency is set (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html), and each waits for
// a message as long as SQS allows.
const (
	pollers  = 5
	pollWait = 20 // seconds
)

// Idle returns what the resources of a template cost in a month in which nobody uses them and nothing is stored. The
// error names each resource for which that is not known.
func Idle(p Prices, t Template) ([]Line, error) {
	var lines []Line
	var errs []error
	b := idle{p, t}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		r := t.Resources[id]
		charge, known := charges[r.Type]
		if !known {
			errs = append(errs, fmt.Errorf("%s: what does %s cost while idle? Say it in infra/bill", id, r.Type))
			continue
		}
		of, err := charge(b, r)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", id, err))
		}
		lines = append(lines, of...)
	}
	return merge(lines), errors.Join(errs...)
}

// idle is what a charge may look at beside its resource.
type idle struct {
	Prices
	Template
}

// charge returns the lines of one resource, none if it costs nothing while idle.
type charge func(idle, Resource) ([]Line, error)

// charges says what each type of resource costs while idle.
var charges = map[string]charge{
	// Billed by request, message, gigabyte or viewer.
	"AWS::ApiGateway::Account":               nothing,
	"AWS::ApiGateway::Authorizer":            nothing,
	"AWS::ApiGateway::Deployment":            nothing,
	"AWS::ApiGateway::GatewayResponse":       nothing,
	"AWS::ApiGateway::Method":                nothing,
	"AWS::ApiGateway::Model":                 nothing,
	"AWS::ApiGateway::RequestValidator":      nothing,
	"AWS::ApiGateway::Resource":              nothing,
	"AWS::ApiGateway::RestApi":               nothing,
	"AWS::ApiGateway::Stage":                 without("CacheClusterEnabled"),
	"AWS::CloudFront::Distribution":          nothing,
	"AWS::CloudFront::Function":              nothing,
	"AWS::CloudFront::KeyValueStore":         nothing,
	"AWS::CloudFront::OriginAccessControl":   nothing,
	"AWS::CloudFront::ResponseHeadersPolicy": nothing,
	"AWS::DynamoDB::Table":                   table,
	"AWS::IAM::Role":                         nothing,
	"AWS::Lambda::Alias":                     without("ProvisionedConcurrencyConfig"),
	"AWS::Lambda::EventInvokeConfig":         nothing,
	"AWS::Lambda::Function":                  nothing,
	"AWS::Lambda::LayerVersion":              nothing,
	"AWS::Lambda::Permission":                nothing,
	"AWS::Lambda::Version":                   without("ProvisionedConcurrencyConfig"),
	"AWS::Logs::LogGroup":                    logGroup,
	"AWS::Logs::MetricFilter":                filter,
	"AWS::S3::Bucket":                        nothing,
	"AWS::S3::BucketPolicy":                  nothing,
	"AWS::SNS::Subscription":                 nothing,
	"AWS::SNS::Topic":                        nothing,
	"AWS::SNS::TopicPolicy":                  nothing,
	"AWS::SQS::Queue":                        without("KmsMasterKeyId"), // whose uses are billed
	"AWS::SQS::QueuePolicy":                  nothing,
	"AWS::XRay::Group":                       nothing, // without insights, which are billed by trace
	"AWS::XRay::SamplingRule":                nothing,

	// Billed all the time.
	"AWS::CloudWatch::Alarm":          alarm,
	"AWS::CloudWatch::CompositeAlarm": each("alarms", "alarm-composite"),
	"AWS::CloudWatch::Dashboard":      dashboard,
	"AWS::Events::Rule":               rule,
	"AWS::KMS::Key":                   each("keys", "kms-key"),
	"AWS::Lambda::EventSourceMapping": mapping,
	"AWS::Scheduler::Schedule":        schedule,
	"AWS::SecretsManager::Secret":     each("secrets", "secret"),
	"AWS::WAFv2::WebACL":              webACL,
}

func nothing(idle, Resource) ([]Line, error) { return nil, nil }

// without is for what costs nothing as long as a property is not set.
func without(property string) charge {
	return func(_ idle, r Resource) ([]Line, error) {
		if v, set := r.Properties[property]; set && v != false {
			return nil, fmt.Errorf("%s with %s has no price in infra/bill", r.Type, property)
		}
		return nil, nil
	}
}

func each(what, price string) charge {
	return func(b idle, _ Resource) ([]Line, error) { return []Line{b.line(what, price, 1)}, nil }
}

// table is for tables that are billed by request. Storage and its copies for restoring are billed by gigabyte.
func table(_ idle, r Resource) ([]Line, error) {
	if mode := r.Properties["BillingMode"]; mode != "PAY_PER_REQUEST" {
		return nil, fmt.Errorf("a table with BillingMode %v has no price in infra/bill", mode)
	}
	if at(r.Properties, "SSESpecification", "KMSMasterKeyId") != nil {
		return nil, errors.New("a table with a KMS key of its own has no price in infra/bill")
	}
	return nil, nil
}

func logGroup(_ idle, r Resource) ([]Line, error) {
	if r.Properties["RetentionInDays"] == nil {
		return nil, errors.New("a log group that keeps its lines for ever costs more each month")
	}
	return nil, nil
}

// alarm counts metrics: an alarm on an expression pays for each that it reads.
func alarm(b idle, r Resource) ([]Line, error) {
	n := 0
	queries, _ := r.Properties["Metrics"].([]any)
	for _, q := range queries {
		if at(q, "MetricStat") != nil {
			n++
		}
	}
	price := "alarm"
	if period, ok := r.Properties["Period"].(float64); ok && period < 60 {
		price = "alarm-fine"
	}
	return []Line{b.line("alarms", price, float64(max(n, 1)))}, nil
}

// dashboard is for an account that has no more than three, which it has for nothing: the line says that there is one.
func dashboard(b idle, _ Resource) ([]Line, error) {
	l := b.line("a dashboard, of three for nothing", "dashboard", 1)
	l.USD = 0
	return []Line{l}, nil
}

// filter is for what makes metrics of lines in a log: such a metric is paid for in each hour in which it has a value.
func filter(_ idle, r Resource) ([]Line, error) {
	made, _ := r.Properties["MetricTransformations"].([]any)
	for _, m := range made {
		if at(m, "DefaultValue") != nil {
			return nil, errors.New("a metric with a default value is paid for all the time")
		}
	}
	return nil, nil
}

func webACL(b idle, r Resource) ([]Line, error) {
	rules, _ := r.Properties["Rules"].([]any)
	return []Line{b.line("web ACLs", "web-acl", 1), b.line("web ACLs", "web-acl-rule", float64(len(rules)))}, nil
}

// mapping is what polling an empty queue costs.
func mapping(b idle, r Resource) ([]Line, error) {
	if r.Properties["ProvisionedPollerConfig"] != nil {
		return nil, errors.New("provisioned pollers have no price in infra/bill")
	}
	price := "sqs-standard"
	queue, ok := b.target(r.Properties["EventSourceArn"])
	if !ok || queue.Type != "AWS::SQS::Queue" {
		return nil, errors.New("a mapping from anything but a queue of the template has no price in infra/bill")
	}
	if queue.Properties["FifoQueue"] == true {
		price = "sqs-fifo"
	}
	return []Line{b.line("polling empty queues", price, pollers*seconds/pollWait)}, nil
}

// target returns the resource of the template that a value refers to.
func (t Template) target(v any) (Resource, bool) {
	id, _ := at(v, "Ref").(string)
	if att, ok := at(v, "Fn::GetAtt").([]any); ok && len(att) > 0 {
		id, _ = att[0].(string)
	}
	r, ok := t.Resources[id]
	return r, ok
}

// at returns what is deep inside a value, nil if it isn't there.
func at(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
