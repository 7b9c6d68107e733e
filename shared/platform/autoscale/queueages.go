// Package ages reads how old the oldest message of a queue is: CloudWatch knows it, SQS itself does not tell. Rights:
// cloudwatch:GetMetricData, which knows no resource to narrow it to: whoever has it reads the metrics of the whole account.
//
// It refuses nothing. Errors are Transient: CloudWatch throttles readers.
package autoscale

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"sluice/shared/domain/errs"
)

// MetricDataClient is what Reader needs of CloudWatch.
type MetricDataClient interface {
	GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput, opts ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// CloudWatchAges reads ages.
type CloudWatchAges struct {
	Client    MetricDataClient
	QueueName func(queue string) string // of the queue, as AWS has it
	Now       func() time.Time
}

// NewCloudWatchAges returns a Reader with a client of its own. Of what CloudWatch speaks it takes what local clouds speak too.
func NewCloudWatchAges(cfg aws.Config, name func(queue string) string, now func() time.Time) CloudWatchAges {
	return CloudWatchAges{cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	}), name, now}
}

const (
	ageMetric    = "ApproximateAgeOfOldestMessage" // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	metricPeriod = 60                              // seconds: SQS sends a value for each
	maxMetricAge = 5 * time.Minute                 // values before that say nothing of now
)

// OldestMessageAges returns how old the oldest message of each queue was when CloudWatch last heard of it: one to three minutes ago.
// Queues of which it has not heard lately are not among them.
func (r CloudWatchAges) OldestMessageAges(ctx context.Context, queues []string) (map[string]time.Duration, error) {
	now := r.Now()
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(now.Add(-maxMetricAge)), EndTime: &now, ScanBy: types.ScanByTimestampDescending}
	asked := map[string]string{}
	for i, queue := range queues {
		id := fmt.Sprintf("q%d", i)
		asked[id] = queue
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{
				Namespace: aws.String("AWS/SQS"), MetricName: aws.String(ageMetric),
				Dimensions: []types.Dimension{{Name: aws.String("QueueName"), Value: aws.String(r.QueueName(queue))}},
			},
			Period: aws.Int32(metricPeriod), Stat: aws.String("Maximum"),
		}})
	}
	out, err := r.Client.GetMetricData(ctx, in)
	if err != nil {
		return nil, errs.E("ages.Oldest", errs.Transient, err)
	}
	ages := map[string]time.Duration{}
	for _, result := range out.MetricDataResults {
		if queue := asked[aws.ToString(result.Id)]; queue != "" && len(result.Values) > 0 {
			ages[queue] = time.Duration(result.Values[0] * float64(time.Second))
		}
	}
	return ages, nil
}
