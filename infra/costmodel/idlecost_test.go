package costmodel

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func parseTemplate(t *testing.T, text string) Template {
	t.Helper()
	var template Template
	if err := json.Unmarshal([]byte(`{"Resources":{`+text+`}}`), &template); err != nil {
		t.Fatal(err)
	}
	return template
}

const (
	queueJSON     = `"Queue":{"Type":"AWS::SQS::Queue","Properties":{}}`
	fifoQueueJSON = `"Queue":{"Type":"AWS::SQS::Queue","Properties":{"FifoQueue":true}}`
	mappingJSON   = `"Feed":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":{"Fn::GetAtt":["Queue","Arn"]}}}`
	functionJSON  = `"Function":{"Type":"AWS::Lambda::Function","Properties":{"MemorySize":256}}`
	aliasJSON     = `"Alias":{"Type":"AWS::Lambda::Alias","Properties":{"FunctionName":{"Ref":"Function"}}}`
)

// minuteScheduleJSON is a schedule that calls, each minute, the function that arn refers to.
func minuteScheduleJSON(arn string) string {
	return `"Tick":{"Type":"AWS::Scheduler::Schedule","Properties":{"ScheduleExpression":"rate(1 minute)","Target":{"Arn":` + arn + `}}}`
}

// idleRunCost is what one run of a function of 256 MiB costs if it finds nothing to do.
const idleRunCost = (1.00+0.20+21*0.125+14*0.40+5)/1e6 + 0.2*0.25*0.0000133334 + 2e-6*0.5

func TestIdleCostOfResources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		template string
		usd      float64
	}{
		{"nothing", ``, 0},
		{"a queue that nobody polls", queueJSON, 0},
		{"a mapping", queueJSON + "," + mappingJSON, 657_000 * 0.40 / 1e6},
		{"a mapping of a FIFO queue", fifoQueueJSON + "," + mappingJSON, 657_000 * 0.50 / 1e6},
		{"two secrets", `"A":{"Type":"AWS::SecretsManager::Secret"},"B":{"Type":"AWS::SecretsManager::Secret"}`, 0.80},
		{"a key", `"A":{"Type":"AWS::KMS::Key"}`, 1},
		{"a dashboard, of three for nothing", `"A":{"Type":"AWS::CloudWatch::Dashboard"}`, 0},
		{
			"what makes metrics of lines",
			`"A":{"Type":"AWS::Logs::MetricFilter","Properties":{"MetricTransformations":[{"MetricValue":"1"}]}}`, 0,
		},
		{"an alarm", `"A":{"Type":"AWS::CloudWatch::Alarm","Properties":{"MetricName":"x","Period":60}}`, 0.10},
		{
			"an alarm each ten seconds",
			`"A":{"Type":"AWS::CloudWatch::Alarm","Properties":{"MetricName":"x","Period":10}}`, 0.30,
		},
		{
			"an alarm on two metrics and what is made of them",
			`"A":{"Type":"AWS::CloudWatch::Alarm","Properties":{"Metrics":[{"MetricStat":{"Stat":"Sum"}},{"MetricStat":{"Stat":"Sum"}},{"Expression":"a+b"}]}}`,
			0.20,
		},
		{"an alarm of alarms", `"A":{"Type":"AWS::CloudWatch::CompositeAlarm"}`, 0.50},
		{"a web ACL with two rules", `"A":{"Type":"AWS::WAFv2::WebACL","Properties":{"Rules":[{},{}]}}`, 7},
		{
			"a table by request",
			`"A":{"Type":"AWS::DynamoDB::Table","Properties":{"BillingMode":"PAY_PER_REQUEST","SSESpecification":{"SSEEnabled":false}}}`,
			0,
		},
		{"a log that forgets", `"A":{"Type":"AWS::Logs::LogGroup","Properties":{"RetentionInDays":30}}`, 0},
		{
			"a stage without a cache",
			`"A":{"Type":"AWS::ApiGateway::Stage","Properties":{"CacheClusterEnabled":false}}`, 0,
		},
		{
			"a schedule", functionJSON + "," + minuteScheduleJSON(`{"Fn::GetAtt":["Function","Arn"]}`),
			43_800 * idleRunCost,
		},
		{
			"a schedule of an alias", functionJSON + "," + aliasJSON + "," + minuteScheduleJSON(`{"Ref":"Alias"}`),
			43_800 * idleRunCost,
		},
		{
			"a rule with a schedule",
			functionJSON +
				`,"A":{"Type":"AWS::Events::Rule","Properties":{"ScheduleExpression":"rate(2 hours)","Targets":[{"Arn":{"Fn::GetAtt":["Function","Arn"]}}]}}`,
			365 * idleRunCost,
		},
		{"a rule without one", `"A":{"Type":"AWS::Events::Rule","Properties":{"EventPattern":{}}}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lines, err := IdleCost(LoadPrices(), parseTemplate(t, tt.template))
			if err != nil {
				t.Fatal(err)
			}
			if usd := TotalCost(lines); math.Abs(usd-tt.usd) > 1e-9 {
				t.Errorf("$%v, want $%v: %v", usd, tt.usd, lines)
			}
		})
	}
}

func TestIdleCostOfUnknownResourceIsAnError(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, template, want string }{
		{"a type", `"Db":{"Type":"AWS::RDS::DBInstance"}`, "Db: what does AWS::RDS::DBInstance cost"},
		{
			"a cache", `"A":{"Type":"AWS::ApiGateway::Stage","Properties":{"CacheClusterEnabled":true}}`,
			"CacheClusterEnabled",
		},
		{
			"provisioned functions",
			`"A":{"Type":"AWS::Lambda::Alias","Properties":{"ProvisionedConcurrencyConfig":{}}}`,
			"ProvisionedConcurrencyConfig",
		},
		{
			"provisioned pollers",
			queueJSON + `,"A":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"ProvisionedPollerConfig":{}}}`,
			"provisioned pollers",
		},
		{
			"a mapping of a stream",
			`"A":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{"EventSourceArn":"arn:aws:kinesis"}}`,
			"anything but a queue",
		},
		{
			"a provisioned table", `"A":{"Type":"AWS::DynamoDB::Table","Properties":{"BillingMode":"PROVISIONED"}}`,
			"BillingMode PROVISIONED",
		},
		{
			"a table with a key",
			`"A":{"Type":"AWS::DynamoDB::Table","Properties":{"BillingMode":"PAY_PER_REQUEST","SSESpecification":{"SSEEnabled":true}}}`,
			"KMS key",
		},
		{"a queue with a key", `"A":{"Type":"AWS::SQS::Queue","Properties":{"KmsMasterKeyId":"k"}}`, "KmsMasterKeyId"},
		{
			"metrics of nothing",
			`"A":{"Type":"AWS::Logs::MetricFilter","Properties":{"MetricTransformations":[{"DefaultValue":0}]}}`,
			"default value",
		},
		{"a log that never forgets", `"A":{"Type":"AWS::Logs::LogGroup"}`, "for ever"},
		{
			"a schedule of a queue", queueJSON + "," + minuteScheduleJSON(`{"Fn::GetAtt":["Queue","Arn"]}`),
			"anything but a function",
		},
		{
			"a schedule by cron",
			`"A":{"Type":"AWS::Scheduler::Schedule","Properties":{"ScheduleExpression":"cron(0 * * * ? *)"}}`,
			"how often is cron",
		},
		{
			"a schedule of never",
			`"A":{"Type":"AWS::Scheduler::Schedule","Properties":{"ScheduleExpression":"rate(0 minutes)"}}`, "no rate",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := IdleCost(LoadPrices(), parseTemplate(t, tt.template)); err == nil ||
				!strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want … %s …", err, tt.want)
			}
		})
	}
}
