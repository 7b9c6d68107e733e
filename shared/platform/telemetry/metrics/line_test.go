package metrics_test

import (
	"bytes"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/metric"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		values []metric.Value
		want   []string
	}{
		{"nothing", nil, nil},
		{"one", []metric.Value{metric.Dollars.Is(0.25)}, []string{"Dollars[]=0.25"}},
		{"two of a queue", []metric.Value{metric.Wait.In("sluice-encode", 20), metric.Work.In("sluice-encode", 3000)},
			[]string{"Wait[sluice-encode]=20", "Work[sluice-encode]=3000"}},
		{"with and without its dimension", []metric.Value{metric.Failed.In("source_gone", 1)},
			[]string{"Failed[source_gone]=1", "Failed[]=1"}},
		{"of different dimensions", []metric.Value{metric.Dead.In("q", 1), metric.Stuck.Is(2)},
			[]string{"Dead[q]=1", "Stuck[]=2"}},
		{"what is no number", []metric.Value{metric.Stuck.Is(math.NaN()), metric.Dollars.Is(math.Inf(1))}, nil},
		{"a dimension without a value", []metric.Value{metric.Dead.In("", 1)}, []string{"Dead[none]=1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			logs.New("encode", &out).Info("handled", "type", "x", metrics.Line(noon, tt.values...))
			if d := cmp.Diff(tt.want, metricstest.Texts(t, out.Bytes())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if line := metricstest.Lines(t, out.Bytes())[0]; line["message"] != "handled" || line["level"] != "INFO" || line["timestamp"] == nil || line["type"] != "x" {
				t.Errorf("the line has lost something: %v", line)
			}
		})
	}
}

// A line is exactly this: CloudWatch is not here to ask.
func TestLineIsWrittenSo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(h).Info("video failed", metrics.Line(noon, metric.Failed.In("source_gone", 1), metric.Dollars.Is(0.5)))
	const want = `{"level":"INFO","msg":"video failed","Failed":1,"Code":"source_gone","Dollars":0.5,"_aws":{"Timestamp":1795348800000,"CloudWatchMetrics":[` +
		`{"Namespace":"Sluice","Dimensions":[["Code"],[]],"Metrics":[{"Name":"Failed","Unit":"Count"}]},` +
		`{"Namespace":"Sluice","Dimensions":[[]],"Metrics":[{"Name":"Dollars","Unit":"None"}]}]}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// CloudWatch takes whatever is said of whichever metrics.
func TestEveryLineIsTaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		of := rapid.StringN(0, 200, 1024).Draw(r, "of")
		var values []metric.Value
		for _, m := range rapid.SliceOfDistinct(rapid.SampledFrom(metric.All), func(m metric.Metric) string { return m.Name }).Draw(r, "metrics") {
			values = append(values, m.In(of, rapid.Float64().Draw(r, m.Name)))
		}
		var out bytes.Buffer
		logs.New("encode", &out).Info("m", metrics.Line(noon, values...))
		if got := metricstest.Read(t, out.Bytes()); len(got) < len(values) && !anyOdd(values) {
			r.Fatalf("%d values became %v", len(values), got)
		}
	})
}

func anyOdd(values []metric.Value) bool {
	for _, v := range values {
		if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			return true
		}
	}
	return false
}

func TestNamesAreTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{metric.Queue: true, metric.Code: true}
	for _, m := range metric.All {
		if seen[m.Name] || m.What == "" || m.By == "" && m.Total {
			t.Errorf("%+v", m)
		}
		seen[m.Name] = true
	}
}

func TestTook(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]float64{1500 * time.Microsecond: 1.5, -time.Second: 0} {
		if got := metric.Took(d); got != want {
			t.Errorf("%v is %v ms, not %v", d, got, want)
		}
	}
}
