package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// TestAlarms holds each alarm to what it is meant to say: which metric, how much of it, for how long.
func TestAlarms(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"sluice-dead-letters": "Sluice DeadLetters Maximum > 0 in 1 of 1 × 300 s",
		"sluice-stuck":        "Sluice Stuck Maximum > 0 in 1 of 1 × 300 s",
		"sluice-errors":       "Sluice Errors Sum > 4 in 1 of 1 × 900 s",
		"sluice-throttles":    "AWS/Lambda Throttles Sum > 0 in 2 of 3 × 300 s",
		"sluice-gateway":      "AWS/ApiGateway 5XXError ApiName=sluice Average > 0.01 in 2 of 3 × 300 s",
		"sluice-dollars":      "Sluice Dollars Sum > 5 in 1 of 1 × 3600 s",
		"sluice-silent-reconcile":  "AWS/Lambda Invocations FunctionName=sluice-reconcile Sum < 1 in 2 of 2 × 300 s, breaching without",
	}
	for _, q := range services.Queues() {
		full := prefix + q.Name
		if q.Inbox.FIFO {
			full += ".fifo"
		}
		want["sluice-late-"+q.Name] = "AWS/SQS ApproximateAgeOfOldestMessage QueueName=" + full + " Maximum > " + text(q.Lane.Promise.Seconds()) + " in 3 of 3 × 300 s"
	}
	got := map[string]string{}
	onAWS().each(t, "CloudWatch::Alarm", func(t *testing.T, _ string, r resource) {
		got[text(r.at("AlarmName"))] = said(r)
		for _, to := range []string{"AlarmActions", "OKActions"} {
			if actions := list(r.at(to)); len(actions) != 1 || text(actions[0]) != "AlarmsTopic" {
				t.Errorf("%s: %v", to, actions)
			}
		}
	})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("alarms (-want +got):\n%s", d)
	}
}

// said writes an alarm in a line.
func said(r resource) string {
	parts := []string{text(r.at("Namespace")), text(r.at("MetricName"))}
	if dimensions, ok := r.at("Dimensions").([]any); ok {
		for _, d := range dimensions {
			d := resource{Properties: d.(map[string]any)}
			parts = append(parts, text(d.at("Name"))+"="+text(d.at("Value")))
		}
	}
	sign := map[any]string{"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[r.at("ComparisonOperator")]
	parts = append(parts, text(r.at("Statistic")), sign, text(r.at("Threshold")), "in", text(r.at("DatapointsToAlarm")), "of", text(r.at("EvaluationPeriods")), "×", text(r.at("Period")), "s")
	line := strings.Join(parts, " ")
	if silence := text(r.at("TreatMissingData")); silence != good {
		line += ", " + silence + " without"
	}
	return line
}

// A metric that nobody sends is one that no alarm hears of.
func TestAlarmsReadMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	for _, r := range onAWS().of("CloudWatch::Alarm") {
		known := slices.ContainsFunc(metric.All, func(m metric.Metric) bool { return m.Name == r.at("MetricName") && (m.By == "" || m.Total) })
		if r.at("Namespace") == metric.Namespace && !known {
			t.Errorf("%s reads %s, which nobody sends without a dimension", r.at("AlarmName"), r.at("MetricName"))
		}
	}
}

// TestEveryAlarmHasASectionInTheRunbook: and every section an alarm, which names it.
func TestEveryAlarmHasASectionInTheRunbook(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for _, r := range onAWS().of("CloudWatch::Alarm") {
		says, section, ok := strings.Cut(text(r.at("AlarmDescription")), " What to do: docs/runbook.md#")
		if !ok || !strings.HasSuffix(says, ".") {
			t.Errorf("%s says %q", r.at("AlarmName"), r.at("AlarmDescription"))
		}
		linked[section] = true
	}
	var sections []string
	for _, m := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(string(page), -1) {
		sections = append(sections, m[1])
	}
	slices.Sort(sections)
	if d := cmp.Diff(slices.Sorted(maps.Keys(linked)), sections); d != "" {
		t.Errorf("-alarms +sections:\n%s", d)
	}
}

// Alarms of this stack may tell the topic, and nobody else may.
func TestTheTopicOfAlarmsIsForAlarms(t *testing.T) {
	t.Parallel()
	policy := onAWS().of("SNS::TopicPolicy")["AlarmsTopicPolicy"]
	allowed := 0
	for _, s := range list(policy.at("PolicyDocument", "Statement")) {
		s := resource{Properties: s.(map[string]any)}
		if s.at("Effect") != "Allow" {
			continue
		}
		allowed++
		if s.at("Action") != "sns:Publish" || text(s.at("Resource")) != "AlarmsTopic" || s.at("Principal", "Service") != "cloudwatch.amazonaws.com" {
			t.Errorf("allows %v", s.Properties)
		}
		if from := text(s.at("Condition", "ArnLike", "aws:SourceArn")); !strings.HasSuffix(from, ":alarm:sluice-*") || text(s.at("Condition", "StringEquals", "aws:SourceAccount")) != "AWS::AccountId" {
			t.Errorf("from %s", from)
		}
	}
	if allowed != 1 {
		t.Errorf("%d statements allow something", allowed)
	}
}

// Each function's errors are counted from its own log, but for the authorizer's.
func TestErrorsAreCounted(t *testing.T) {
	t.Parallel()
	filters := onAWS().of("Logs::MetricFilter")
	for _, s := range services.Map {
		f, there := filters[title(s.Name)+"Errors"]
		if there == (s.Name == services.Authorizer) || there && text(f.at("LogGroupName")) != title(s.Name)+"Log" {
			t.Errorf("%s: %v", s.Name, f.Properties)
		}
	}
}

func TestAnAddressIsSubscribed(t *testing.T) {
	t.Parallel()
	if got := onAWS().of("SNS::Subscription"); len(got) != 1 {
		t.Fatalf("subscriptions %v", got)
	}
	for _, s := range onAWS().of("SNS::Subscription") {
		if s.at("Protocol") != "email" || s.at("Endpoint") != operators || text(s.at("TopicArn")) != "AlarmsTopic" {
			t.Errorf("subscribed: %v", s.Properties)
		}
	}
}
