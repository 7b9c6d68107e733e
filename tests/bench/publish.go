package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// What publish took for an event at commit c0ae279, before it handled the events of a batch together: calls of AWS, and
// CPU milliseconds in the median of three runs, interleaved with runs of its successor, on the machine of
// docs/performance.md. On another machine, only the calls can be compared.
const (
	formerPublishCalls        = 14.70
	formerPublishMilliseconds = 0.808
)

// publishBurst is the benchmark of functions/publish that is measured: small videos of several tenants at once, with at
// most one event of a video in a batch, as the local cloud delivers them.
const publishBurst = "BenchmarkPublish/small_videos,_batches_of_different"

var publishMetrics = regexp.MustCompile(`([0-9.]+) calls/event\s+([0-9.]+) cpu-ms/event`)

// measurePublish measures what the service publish takes for an event, with tables and queues in memory: the CPU time
// of the clients of AWS is not in it, and is about proportional to the calls.
func measurePublish(ctx context.Context, s settings) ([]row, error) {
	var calls, milliseconds sample
	for range s.chooseRounds(3, 9) {
		out, err := exec.CommandContext(ctx, "go", "test", "./functions/publish", "-run", "^$", "-bench", publishBurst,
			"-benchtime", "5x").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
		c, ms, err := parsePublishMetrics(string(out))
		if err != nil {
			return nil, err
		}
		calls, milliseconds = append(calls, c), append(milliseconds, ms)
	}
	return []row{
		newRatioRow("publish_ms_per_event", "CPU ms", milliseconds, sample{formerPublishMilliseconds}, 0.5),
		newRatioRow("publish_calls_per_event", "calls", calls, sample{formerPublishCalls}, 0.5),
	}, nil
}

// parsePublishMetrics returns the metrics for each event in the output of the benchmark.
func parsePublishMetrics(output string) (calls, milliseconds float64, err error) {
	m := publishMetrics.FindStringSubmatch(output)
	if m == nil {
		return 0, 0, fmt.Errorf("no metrics in %q", output)
	}
	calls, _ = strconv.ParseFloat(m[1], 64)
	milliseconds, _ = strconv.ParseFloat(m[2], 64)
	return calls, milliseconds, nil
}
