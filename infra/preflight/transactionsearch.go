package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// allSpans is the percentage of spans that X-Ray can search without Transaction Search.
const allSpans = 100

// readIndexedSpans returns the percentage of the recorded spans that X-Ray can search in the region: allSpans, unless
// CloudWatch's Transaction Search is on, which indexes a part of them, one percent by default
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html).
func readIndexedSpans(ctx context.Context, c *xray.Client) (percent float64, err error) {
	destination, err := c.GetTraceSegmentDestination(ctx, nil)
	if err != nil {
		return 0, readError(err)
	}
	if destination.Destination != types.TraceSegmentDestinationCloudWatchLogs {
		return allSpans, nil
	}
	rules, err := c.GetIndexingRules(ctx, nil)
	if err != nil {
		return 0, readError(err)
	}
	for _, r := range rules.IndexingRules {
		if rule, ok := r.Rule.(*types.IndexingRuleValueMemberProbabilistic); ok {
			percent = max(percent, aws.ToFloat64(rule.Value.DesiredSamplingPercentage))
		}
	}
	return percent, nil
}

// checkTransactionSearch reports whether the spans of every video can be found. The service observe searches X-Ray for
// them.
func checkTransactionSearch(a account) finding {
	f := finding{subject: "Transaction Search"}
	switch {
	case a.indexedSpansErr != nil:
		f.severity, f.message = severityUnknown, a.indexedSpansErr.Error()
	case a.indexedSpans < allSpans:
		f.severity = severityLow
		f.message = fmt.Sprintf(
			"it is on and indexes %v %% of the spans, so that the traces of most videos are not found; this indexes all, "+
				"for a price", a.indexedSpans,
		)
		f.command = "aws xray update-indexing-rule --name Default --rule " +
			`'{"Probabilistic":{"DesiredSamplingPercentage":100}}' --region ` + a.region
	default:
		f.message = "X-Ray finds every span that is recorded"
	}
	return f
}
