package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// mostMeasures is how many metrics a dashboard may show for nothing: https://aws.amazon.com/cloudwatch/pricing/
const mostMeasures = 50

// widget is a part of a dashboard, as CloudWatch wants it
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html). The
// dashboard is 24 wide.
type widget struct {
	Type       string `json:"type"` // metric, or log: a question to the logs, which is no metric
	X          int    `json:"x"`
	Y          int    `json:"y"`
	Width      int    `json:"width"`
	Height     int    `json:"height"`
	Properties view   `json:"properties"`
}

type view struct {
	Title       string           `json:"title"`
	Region      string           `json:"region"`
	View        string           `json:"view"` // timeSeries, singleValue or table
	Period      int              `json:"period,omitempty"`
	Metrics     [][]any          `json:"metrics,omitempty"`
	Annotations map[string][]any `json:"annotations,omitempty"`
	Query       string           `json:"query,omitempty"`
}

// page is a dashboard in the making, from the top down.
type page struct {
	region  string
	widgets []widget
	y       int
}

// row adds widgets beside each other, of the same width.
func (p *page) row(height int, views ...view) {
	for i, v := range views {
		kind := "metric"
		if v.Query != "" {
			kind = "log"
		}
		v.Region = p.region
		p.widgets = append(p.widgets, widget{kind, i * 24 / len(views), p.y, 24 / len(views), height, v})
	}
	p.y += height
}

// newDashboard makes the dashboard: the whole, then the gateway, then a row for each service with an inbox, then what is
// asked of the logs.
func newDashboard(scope constructs.Construct) {
	p := &page{region: *awscdk.Stack_Of(scope).Region()}
	p.row(4,
		view{Title: "To decide, and to look after", View: "singleValue", Period: 300, Metrics: [][]any{
			ours(metric.DeadLetters, "Maximum").as("dead letters"), ours(metric.Stuck, "Maximum").as("stuck videos"),
		}},
		view{Title: "What goes wrong", View: "timeSeries", Period: 300, Metrics: [][]any{
			ours(metric.Errors, "Sum").as("errors"), measure{namespace: ofFunctions, name: "Throttles", stat: "Sum"}.as("throttles (account)"),
			ours(metric.Failed, "Sum").as("failed videos"),
		}},
		view{Title: "Dollars an hour", View: "timeSeries", Period: 3600, Metrics: [][]any{ours(metric.Dollars, "Sum").as("functions")}},
	)
	gateway := func(name, stat string) measure { return measure{ofGateways, name, "ApiName", apiName, stat} }
	p.row(6,
		view{Title: "Requests", View: "timeSeries", Period: 60, Metrics: [][]any{
			gateway("Count", "SampleCount").as("all"), gateway("4XXError", "Sum").as("4xx"), gateway("5XXError", "Sum").as("5xx"),
		}},
		view{Title: "Latency of requests, ms", View: "timeSeries", Period: 60, Metrics: [][]any{gateway("Latency", "p50").as("p50"), gateway("Latency", "p95").as("p95")}},
		view{Title: "Stages of a video, ms (p50)", View: "timeSeries", Period: 300, Metrics: [][]any{
			ours(metric.InspectTime, "p50").as("inspect"), ours(metric.PlayTime, "p50").as("uploaded to playable"), ours(metric.EncodeTime, "p50").as("encode"), ours(metric.PublishTime, "p50").as("publish"),
			ours(metric.ReadyTime, "p50").as("uploaded to ready"),
		}},
		view{Title: "Videos that got ready", View: "timeSeries", Period: 300, Metrics: [][]any{ours(metric.ReadyTime, "SampleCount").as("ready")}},
	)
	for _, s := range services.Map {
		if s.Inbox != nil {
			p.row(6, workload(s)...)
		}
	}
	for _, q := range questions() {
		p.row(6, q)
	}
	body, err := json.Marshal(map[string]any{"widgets": p.widgets})
	if err != nil {
		panic(err) // texts and numbers
	}
	awscloudwatch.NewCfnDashboard(scope, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String("sluice"), DashboardBody: jsii.String(string(body)),
	})
}

// workload shows a service's queues and its workers, and the age of what waits against what is promised.
func workload(s services.Service) []view {
	depth := view{Title: s.Name + ": messages and workers", View: "timeSeries", Period: 60, Metrics: [][]any{
		measure{ofFunctions, "ConcurrentExecutions", "FunctionName", prefix + s.Name, "Maximum"}.as("workers"),
	}}
	age := view{Title: s.Name + ": age of the oldest message, s", View: "timeSeries", Period: 60, Annotations: map[string][]any{}}
	for _, q := range queues() {
		if q.service != s.Name {
			continue
		}
		ceiling := measure{metric.Namespace, metric.Ceiling.Name, metric.Queue, q.full, "Maximum"}
		depth.Metrics = append(depth.Metrics, measure{ofQueues, "ApproximateNumberOfMessagesVisible", "QueueName", q.full, "Maximum"}.as(q.name+" waiting"), ceiling.as(q.name+" ceiling"))
		age.Metrics = append(age.Metrics, measure{ofQueues, "ApproximateAgeOfOldestMessage", "QueueName", q.full, "Maximum"}.as(q.name))
		age.Annotations["horizontal"] = append(age.Annotations["horizontal"], map[string]any{"label": q.name + ": promised", "value": q.promise.Seconds()})
	}
	return []view{depth, age}
}

// questions are what is asked of the logs: they have the dimensions that would be too many for metrics.
func questions() []view {
	var logs []string
	for _, s := range services.Map {
		logs = append(logs, "SOURCE '"+logName(s.Name)+"'")
	}
	ask := func(title, query string) view {
		return view{Title: title, View: "table", Query: strings.Join(logs, " | ") + " | " + query}
	}
	return []view{
		ask("By service", "filter ispresent(Dollars) | stats count(*) as invocations, sum(Dollars) as dollars, max(seconds) as longest_s by service"),
		ask("Messages by queue", fmt.Sprintf("filter ispresent(%s) | stats count(Work) as done, sum(Retried) as retried, sum(Dead) as dead, sum(Duplicate) as duplicate, pct(Wait, 95) as wait_p95_ms, pct(Work, 95) as work_p95_ms by Queue", metric.Queue)),
		ask("Videos that failed", "filter Failed > 0 | stats sum(Failed) as videos by Code | sort videos desc"),
		ask("Requests by route", `filter message = "answered" | stats count(*) as requests, pct(seconds, 50) as p50_s, pct(seconds, 95) as p95_s, sum(status >= 500) as errors by method, route | sort requests desc`),
		ask("Invocations that failed", `filter type = "platform.report" and record.status != "success" | stats count(*) as times by @log, record.status`),
	}
}

// as returns the measure as a dashboard shows it, under a label.
func (m measure) as(label string) []any {
	shown := []any{m.namespace, m.name}
	if m.by != "" {
		shown = append(shown, m.by, m.of)
	}
	return append(shown, map[string]string{"stat": m.stat, "label": label})
}
