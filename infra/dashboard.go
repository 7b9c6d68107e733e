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

// maxFreeMetrics is how many metrics a dashboard can show without cost: https://aws.amazon.com/cloudwatch/pricing/
const maxFreeMetrics = 50

// widget is a part of a dashboard, in CloudWatch's format
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html). A
// dashboard is 24 units wide.
type widget struct {
	Type       string           `json:"type"` // "metric", or "log" for a query of the logs
	X          int              `json:"x"`
	Y          int              `json:"y"`
	Width      int              `json:"width"`
	Height     int              `json:"height"`
	Properties widgetProperties `json:"properties"`
}

type widgetProperties struct {
	Title       string           `json:"title"`
	Region      string           `json:"region"`
	View        string           `json:"view"` // timeSeries, singleValue or table
	Period      int              `json:"period,omitempty"`
	Metrics     [][]any          `json:"metrics,omitempty"`
	Annotations map[string][]any `json:"annotations,omitempty"`
	Query       string           `json:"query,omitempty"`
}

// dashboardBuilder collects the widgets of a dashboard from the top down.
type dashboardBuilder struct {
	region  string
	widgets []widget
	y       int
}

// addRow adds widgets of the same width side by side.
func (p *dashboardBuilder) addRow(height int, views ...widgetProperties) {
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

func timeSeries(title string, period int, metrics ...[]any) widgetProperties {
	return widgetProperties{Title: title, View: "timeSeries", Period: period, Metrics: metrics}
}

// newDashboard makes the dashboard: totals, the gateway, a row for each service with an inbox, and queries of the logs.
func newDashboard(scope constructs.Construct, set settings) {
	p := &dashboardBuilder{region: *awscdk.Stack_Of(scope).Region()}
	p.addRow(4,
		widgetProperties{Title: "To decide, and to look after", View: "singleValue", Period: 300, Metrics: [][]any{
			set.newMetricStat(metric.DeadLetters, "Maximum").withLabel("dead letters"),
			set.newMetricStat(metric.Stuck, "Maximum").withLabel("stuck videos"),
		}},
		timeSeries("What goes wrong", 300, set.newMetricStat(metric.Errors, "Sum").withLabel("errors"),
			metricStat{namespace: lambdaNamespace, name: "Throttles", stat: "Sum"}.withLabel("throttles (account)"),
			set.newMetricStat(metric.Failed, "Sum").withLabel("failed videos")),
		timeSeries("Dollars an hour", 3600, set.newMetricStat(metric.Dollars, "Sum").withLabel("functions")),
	)
	gateway := func(name, stat string) metricStat {
		return metricStat{apiGatewayNamespace, name, "ApiName", set.buildAPIName(), stat}
	}
	p.addRow(6,
		timeSeries("Requests", 60, gateway("Count", "SampleCount").withLabel("all"),
			gateway("4XXError", "Sum").withLabel("4xx"), gateway("5XXError", "Sum").withLabel("5xx")),
		timeSeries("Latency of requests, ms", 60, gateway("Latency", "p50").withLabel("p50"),
			gateway("Latency", "p95").withLabel("p95")),
		timeSeries("Stages of a video, ms (p50)", 300,
			set.newMetricStat(metric.InspectTime, "p50").withLabel("inspect"),
			set.newMetricStat(metric.PlayableTime, "p50").withLabel("uploaded to playable"),
			set.newMetricStat(metric.EncodeTime, "p50").withLabel("encode"),
			set.newMetricStat(metric.PublishTime, "p50").withLabel("publish"),
			set.newMetricStat(metric.ReadyTime, "p50").withLabel("uploaded to ready")),
		timeSeries("Videos that got ready", 300, set.newMetricStat(metric.ReadyTime, "SampleCount").withLabel("ready")),
	)
	for _, s := range services.Map {
		if s.Inbox != nil {
			p.addRow(6, buildQueueWidgets(s, set)...)
		}
	}
	for _, q := range buildLogQueries(set) {
		p.addRow(6, q)
	}
	body, err := json.Marshal(map[string]any{"widgets": p.widgets})
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	awscloudwatch.NewCfnDashboard(scope, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String(set.buildAPIName()), DashboardBody: jsii.String(string(body)),
	})
}

// buildQueueWidgets returns two widgets of a service: the messages and workers of its queues, and the age of the oldest
// message beside the longest that one may wait.
func buildQueueWidgets(s services.Service, set settings) []widgetProperties {
	depth := widgetProperties{
		Title: s.Name + ": messages and workers", View: "timeSeries", Period: 60, Metrics: [][]any{
			metricStat{
				lambdaNamespace, "ConcurrentExecutions", "FunctionName", set.buildName(s.Name), "Maximum",
			}.withLabel("workers"),
		},
	}
	age := widgetProperties{
		Title: s.Name + ": age of the oldest message, s", View: "timeSeries", Period: 60,
		Annotations: map[string][]any{},
	}
	for _, q := range set.listMonitoredQueues() {
		if q.service != s.Name {
			continue
		}
		ceiling := metricStat{set.buildMetricNamespace(), metric.Ceiling.Name, metric.Queue, q.fullName, "Maximum"}
		depth.Metrics = append(
			depth.Metrics,
			metricStat{
				sqsNamespace, "ApproximateNumberOfMessagesVisible", "QueueName", q.fullName, "Maximum",
			}.withLabel(q.name+" waiting"),
			ceiling.withLabel(q.name+" ceiling"),
		)
		age.Metrics = append(
			age.Metrics,
			metricStat{
				sqsNamespace, "ApproximateAgeOfOldestMessage", "QueueName", q.fullName, "Maximum",
			}.withLabel(q.name),
		)
		age.Annotations["horizontal"] = append(age.Annotations["horizontal"],
			map[string]any{"label": q.name + ": promised", "value": q.maxWait.Seconds()})
	}
	return []widgetProperties{depth, age}
}

// buildLogQueries returns the widgets that query the logs: the logs have dimensions that would make too many metrics.
func buildLogQueries(set settings) []widgetProperties {
	var logs []string
	for _, s := range services.Map {
		logs = append(logs, "SOURCE '"+set.buildLogGroupName(s.Name)+"'")
	}
	ask := func(title, query string) widgetProperties {
		return widgetProperties{Title: title, View: "table", Query: strings.Join(logs, " | ") + " | " + query}
	}
	return []widgetProperties{
		ask("By service",
			"filter ispresent(Dollars) | stats count(*) as invocations, sum(Dollars) as dollars, max(seconds) as longest_s by service"),
		ask(
			"Messages by queue",
			fmt.Sprintf(
				"filter ispresent(%s) | stats count(Work) as done, sum(Retried) as retried, sum(Dead) as dead, sum(Duplicate) as duplicate, pct(Wait, 95) as wait_p95_ms, pct(Work, 95) as work_p95_ms by Queue",
				metric.Queue,
			),
		),
		ask("Videos that failed", "filter Failed > 0 | stats sum(Failed) as videos by Code | sort videos desc"),
		ask("Requests by route",
			`filter message = "answered" | stats count(*) as requests, pct(seconds, 50) as p50_s, pct(seconds, 95) as p95_s, sum(status >= 500) as errors by method, route | sort requests desc`),
		ask("Invocations that failed",
			`filter type = "platform.report" and record.status != "success" | stats count(*) as times by @log, record.status`),
	}
}

// withLabel returns the metric in the dashboard's format, with a label.
func (m metricStat) withLabel(label string) []any {
	shown := []any{m.namespace, m.name}
	if m.dimension != "" {
		shown = append(shown, m.dimension, m.dimensionValue)
	}
	return append(shown, map[string]string{"stat": m.stat, "label": label})
}
