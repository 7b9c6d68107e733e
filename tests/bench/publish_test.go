package main

import "testing"

func TestPublishMetricsAreParsed(t *testing.T) {
	t.Parallel()
	const output = "BenchmarkPublish/x-2 \t 5\t 98 ns/op\t  6.758 calls/event\t  0.2907 cpu-ms/event\t  360.0 events\n"
	if calls, ms, err := parsePublishMetrics(output); calls != 6.758 || ms != 0.2907 || err != nil {
		t.Errorf("%g calls, %g ms, %v", calls, ms, err)
	}
	if _, _, err := parsePublishMetrics("FAIL"); err == nil {
		t.Error("accepted an output without metrics")
	}
}
