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

func TestAlarmsReadTheirMetricsAndThresholds(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"sluice-dead-letters":     "Sluice DeadLetters Maximum > 0 in 1 of 1 × 300 s",
		"sluice-late":             "Sluice Late Maximum > 1 in 3 of 3 × 300 s",
		"sluice-stuck":            "Sluice Stuck Maximum > 0 in 1 of 1 × 300 s",
		"sluice-errors":           "Sluice Errors Sum > 4 in 1 of 1 × 900 s",
		"sluice-throttles":        "AWS/Lambda Throttles Sum > 0 in 2 of 3 × 300 s",
		"sluice-gateway":          "AWS/ApiGateway 5XXError ApiName=sluice Average > 0.01 in 2 of 3 × 300 s",
		"sluice-dollars":          "Sluice Dollars Sum > 5 in 1 of 1 × 3600 s",
		"sluice-silent-reconcile": "AWS/Lambda Invocations FunctionName=sluice-reconcile Sum < 1 in 10 of 10 × 60 s, or on silence",
	}
	got := map[string]string{}
	awsTemplate().runForEach(t, "CloudWatch::Alarm", func(t *testing.T, _ string, r resource) {
		got[renderValue(r.property("AlarmName"))] = formatAlarm(r)
		for _, to := range []string{"AlarmActions", "OKActions"} {
			if actions := toList(r.property(to)); len(actions) != 1 || renderValue(actions[0]) != "AlarmsTopic" {
				t.Errorf("%s: %v", to, actions)
			}
		}
	})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("alarms (-want +got):\n%s", d)
	}
}

// formatAlarm describes an alarm in a line.
func formatAlarm(r resource) string {
	parts := []string{renderValue(r.property("Namespace")), renderValue(r.property("MetricName"))}
	if dimensions, ok := r.property("Dimensions").([]any); ok {
		for _, d := range dimensions {
			d := resource{Properties: d.(map[string]any)}
			parts = append(parts, renderValue(d.property("Name"))+"="+renderValue(d.property("Value")))
		}
	}
	sign := map[any]string{"GreaterThanThreshold": ">", "LessThanThreshold": "<"}[r.property("ComparisonOperator")]
	parts = append(
		parts, renderValue(r.property("Statistic")), sign, renderValue(r.property("Threshold")), "in",
		renderValue(r.property("DatapointsToAlarm")), "of", renderValue(r.property("EvaluationPeriods")), "×",
		renderValue(r.property("Period")), "s",
	)
	line := strings.Join(parts, " ")
	switch without := renderValue(r.property("TreatMissingData")); {
	case without == missing && renderValue(toList(r.property("InsufficientDataActions"))[0]) == "AlarmsTopic":
		line += ", or on silence"
	case without != notBreaching:
		line += ", " + without + " without"
	}
	return line
}

// An alarm on a metric that no function sends would never fire.
func TestAlarmsReadKnownMetricsOnly(t *testing.T) {
	t.Parallel()
	for _, r := range awsTemplate().resourcesOfType("CloudWatch::Alarm") {
		known := slices.ContainsFunc(metric.All, func(m metric.Metric) bool {
			return m.Name == r.property("MetricName") && (m.Dimension == "" || m.AlsoTotal)
		})
		if r.property("Namespace") == metric.Namespace && !known {
			t.Errorf(
				"%s reads %s, which no function sends without a dimension", r.property("AlarmName"),
				r.property("MetricName"),
			)
		}
	}
}

// Every alarm links to a section of docs/runbook.md, and every section has an alarm.
func TestEveryAlarmHasARunbookSection(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for _, r := range awsTemplate().resourcesOfType("CloudWatch::Alarm") {
		says, section, ok := strings.Cut(renderValue(r.property("AlarmDescription")), " What to do: docs/runbook.md#")
		if !ok || !strings.HasSuffix(says, ".") {
			t.Errorf("%s says %q", r.property("AlarmName"), r.property("AlarmDescription"))
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

func TestAlarmTopicAcceptsCloudWatchAlarmsOnly(t *testing.T) {
	t.Parallel()
	policy := awsTemplate().resourcesOfType("SNS::TopicPolicy")["AlarmsTopicPolicy"]
	allowed := 0
	for _, s := range toList(policy.property("PolicyDocument", "Statement")) {
		s := resource{Properties: s.(map[string]any)}
		if s.property("Effect") != "Allow" {
			continue
		}
		allowed++
		if s.property("Action") != "sns:Publish" || renderValue(s.property("Resource")) != "AlarmsTopic" ||
			s.property("Principal", "Service") != "cloudwatch.amazonaws.com" {
			t.Errorf("allows %v", s.Properties)
		}
		if from := renderValue(s.property(
			"Condition", "ArnLike", "aws:SourceArn",
		)); !strings.HasSuffix(from, ":alarm:sluice-*") || renderValue(s.property(
			"Condition", "StringEquals", "aws:SourceAccount",
		)) != "AWS::AccountId" {
			t.Errorf("from %s", from)
		}
	}
	if allowed != 1 {
		t.Errorf("%d statements allow something", allowed)
	}
}

// The authorizer has none: see countErrors.
func TestEveryFunctionHasAnErrorMetricFilter(t *testing.T) {
	t.Parallel()
	filters := awsTemplate().resourcesOfType("Logs::MetricFilter")
	for _, s := range services.Map {
		f, there := filters[services.PascalCase(s.Name)+"Errors"]
		if there == (s.Name == services.Authorizer) || there &&
			renderValue(f.property("LogGroupName")) != services.PascalCase(s.Name)+"Log" {
			t.Errorf("%s: %v", s.Name, f.Properties)
		}
	}
}

func TestAlarmEmailIsSubscribed(t *testing.T) {
	t.Parallel()
	if got := awsTemplate().resourcesOfType("SNS::Subscription"); len(got) != 1 {
		t.Fatalf("subscriptions %v", got)
	}
	for _, s := range awsTemplate().resourcesOfType("SNS::Subscription") {
		if s.property("Protocol") != "email" || s.property("Endpoint") != testAlarmEmail ||
			renderValue(s.property("TopicArn")) != "AlarmsTopic" {
			t.Errorf("subscribed: %v", s.Properties)
		}
	}
}
