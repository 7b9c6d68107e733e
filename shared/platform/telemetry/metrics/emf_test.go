package metrics_test

import (
	"bytes"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/services"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestLogAttr(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		values []metric.Value
		want   []string
	}{
		{"nothing", nil, nil},
		{"one", []metric.Value{metric.Dollars.NewValue(0.25)}, []string{"Dollars[]=0.25"}},
		{
			"two of a queue",
			[]metric.Value{
				metric.WaitTime.NewValueFor("sluice-encode", 20), metric.WorkTime.NewValueFor("sluice-encode", 3000),
			},
			[]string{"Wait[sluice-encode]=20", "Work[sluice-encode]=3000"},
		},
		{"with and without its dimension", []metric.Value{metric.Failed.NewValueFor("source_gone", 1)},
			[]string{"Failed[source_gone]=1", "Failed[]=1"}},
		{"of different dimensions", []metric.Value{metric.DeadLettered.NewValueFor("q", 1), metric.Stuck.NewValue(2)},
			[]string{"Dead[q]=1", "Stuck[]=2"}},
		{
			"NaN and infinity", []metric.Value{metric.Stuck.NewValue(math.NaN()), metric.Dollars.NewValue(math.Inf(1))},
			nil,
		},
		{
			"a dimension without a value", []metric.Value{metric.DeadLettered.NewValueFor("", 1)},
			[]string{"Dead[none]=1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logs.New("encode", &out).Info("handled", "type", "x", metrics.LogAttr(noon, tt.values...))
			if d := cmp.Diff(tt.want, metricstest.ReadTexts(t, out.Bytes())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if line := metricstest.ReadLines(
				t, out.Bytes(),
			)[0]; line["message"] != "handled" || line["level"] != "INFO" || line["timestamp"] == nil ||
				line["type"] != "x" {
				t.Errorf("the line lacks its other members: %v", line)
			}
		})
	}
}

// The line is compared as a whole, as CloudWatch can't be tested here.
func TestLogAttrFormatGolden(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(h).Info(
		"video failed",
		metrics.LogAttr(noon, metric.Failed.NewValueFor("source_gone", 1), metric.Dollars.NewValue(0.5)),
	)
	const want = `{"level":"INFO","msg":"video failed","Failed":1,"Code":"source_gone","Dollars":0.5,"_aws":{"Timestamp":1795348800000,"CloudWatchMetrics":[` +
		`{"Namespace":"Sluice","Dimensions":[["Code"],[]],"Metrics":[{"Name":"Failed","Unit":"Count"}]},` +
		`{"Namespace":"Sluice","Dimensions":[[]],"Metrics":[{"Name":"Dollars","Unit":"None"}]}]}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// Lines with any values of any metrics are in CloudWatch's format.
func TestLogAttrIsAlwaysValidEMF(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		of := rapid.StringN(0, 200, 1024).Draw(r, "of")
		var values []metric.Value
		for _, m := range rapid.SliceOfDistinct(rapid.SampledFrom(metric.All), func(m metric.Metric) string {
			return m.Name
		}).Draw(r, "metrics") {
			values = append(values, m.NewValueFor(of, rapid.Float64().Draw(r, m.Name)))
		}
		var out bytes.Buffer
		logs.New("encode", &out).Info("m", metrics.LogAttr(noon, values...))
		if got := metricstest.ReadSamples(t, out.Bytes()); len(got) < len(values) && !hasNonNumber(values) {
			r.Fatalf("%d values became %v", len(values), got)
		}
	})
}

func hasNonNumber(values []metric.Value) bool {
	for _, v := range values {
		if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			return true
		}
	}
	return false
}

// The test is not parallel: it sets an environment variable.
func TestNamespaceIsThatOfTheDeployment(t *testing.T) {
	for _, want := range []string{metric.Namespace, "Sluice-staging"} {
		if want != metric.Namespace {
			t.Setenv(services.EnvMetricNamespace, want)
		}
		var out bytes.Buffer
		logs.New("encode", &out).Info("handled", metrics.LogAttr(noon, metric.Dollars.NewValue(1)))
		if !strings.Contains(out.String(), `"Namespace":"`+want+`"`) {
			t.Errorf("not in the namespace %s: %s", want, out.String())
		}
	}
}
