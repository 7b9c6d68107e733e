package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"sluice/shared/domain/services"
)

// maxLogPages limits how much of a log is read. FilterLogEvents may return many empty pages
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
const maxLogPages = 50

// ReadLogs returns the log lines of a service since a time that contain a phrase. LocalStack writes to the log group
// that Lambda has by default, whatever group the function is configured with; it is read if the other one has nothing.
func (d deployment) ReadLogs(ctx context.Context, service, phrase string, since time.Time) ([]string, error) {
	lines, err := d.filterLogGroup(ctx, d.resources[services.PascalCase(service)+"Log"], phrase, since)
	if err == nil && len(lines) == 0 && d.local {
		lines, err = d.filterLogGroup(ctx, "/aws/lambda/"+d.functionName(service), phrase, since)
	}
	return lines, err
}

// filterLogGroup returns the lines of a log group. A phrase in quotation marks matches any line that contains it
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
func (d deployment) filterLogGroup(ctx context.Context, group, phrase string, since time.Time) ([]string, error) {
	var lines []string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(d.logs, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, FilterPattern: aws.String(`"` + phrase + `"`), StartTime: aws.Int64(since.UnixMilli()),
	})
	for n := 0; n < maxLogPages && pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		var gone *types.ResourceNotFoundException
		if errors.As(err, &gone) {
			return nil, nil // nothing has been logged
		}
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			if line := aws.ToString(e.Message); strings.Contains(line, phrase) { // LocalStack ignores the pattern
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}
