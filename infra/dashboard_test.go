package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
)

// It also shows only metrics that are sent.
func TestDashboardShowsEveryQueueWithinFreeMetrics(t *testing.T) {
	t.Parallel()
	var body string
	for _, r := range awsTemplate().resourcesOfType("CloudWatch::Dashboard") {
		body = renderValue(r.property("DashboardBody"))
	}
	var board struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(body), &board); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var titles []string
	shown := 0
	for _, w := range board.Widgets {
		titles = append(titles, w.Properties.Title)
		if w.Properties.Region != "AWS::Region" || w.X+w.Width > 24 || (w.Type == "log") == (w.Properties.Query == "") {
			t.Errorf("widget %+v", w)
		}
		shown += len(w.Properties.Metrics)
		for _, m := range w.Properties.Metrics {
			if m[0] == metric.Namespace && !slices.ContainsFunc(metric.All, func(of metric.Metric) bool {
				return of.Name == m[1]
			}) {
				t.Errorf("%q shows the metric %v, which no function sends", w.Properties.Title, m)
			}
		}
	}
	if shown > maxFreeMetrics || shown < 30 {
		t.Errorf("it shows %d metrics; %d are free", shown, maxFreeMetrics)
	}
	for _, s := range services.Map {
		if s.Inbox != nil && !slices.ContainsFunc(titles, func(title string) bool {
			return strings.HasPrefix(title, s.Name+": age")
		}) {
			t.Errorf("%s has no row", s.Name)
		}
	}
}

func TestLocalDeploymentHasNoDashboard(t *testing.T) {
	t.Parallel()
	if !localTemplate().hasNone("CloudWatch::Dashboard") {
		t.Error("there is one")
	}
}
