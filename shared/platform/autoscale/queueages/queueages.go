// Package queueages reads from CloudWatch how long messages wait in queues. It needs cloudwatch:GetMetricData, which
// can't be limited to a resource: it reads the metrics of the whole account. It rejects nothing.
package queueages

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

// MetricDataClient is the part of CloudWatch's client that CloudWatch uses.
type MetricDataClient interface {
	GetMetricData(
		ctx context.Context, in *cloudwatch.GetMetricDataInput, opts ...func(*cloudwatch.Options),
	) (*cloudwatch.GetMetricDataOutput, error)
}

// CloudWatch reads the ages of messages from CloudWatch, as SQS has no call for them.
type CloudWatch struct {
	Client    MetricDataClient
	QueueName func(queue string) string // name that the queue has on AWS
	Now       func() time.Time
}

// New returns a CloudWatch with a client of its own. The client uses the one of CloudWatch's protocols that local
// clouds support too.
func New(cfg aws.Config, name func(queue string) string, now func() time.Time) CloudWatch {
	return CloudWatch{cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	}), name, now}
}

const (
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	ageMetric    = "ApproximateAgeOfOldestMessage"
	metricPeriod = 60              // seconds; SQS sends one value in each
	maxMetricAge = 5 * time.Minute // older values are ignored
)

// OldestMessageAges returns the age of the oldest message of each queue as CloudWatch has it, which is one to three
// minutes old. Queues without a value in the last five minutes are left out. Errors are Transient: CloudWatch throttles
// readers.
func (a CloudWatch) OldestMessageAges(ctx context.Context, queues []string) (map[string]time.Duration, error) {
	now := a.Now()
	in := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-maxMetricAge)), EndTime: &now, ScanBy: types.ScanByTimestampDescending,
	}
	asked := map[string]string{}
	for i, queue := range queues {
		id := fmt.Sprintf("q%d", i)
		asked[id] = queue
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{
			Id: &id, MetricStat: &types.MetricStat{
				Metric: &types.Metric{
					Namespace: aws.String("AWS/SQS"), MetricName: aws.String(ageMetric),
					Dimensions: []types.Dimension{{
						Name: aws.String("QueueName"), Value: aws.String(a.QueueName(queue)),
					}},
				},
				Period: aws.Int32(metricPeriod), Stat: aws.String("Maximum"),
			},
		})
	}
	out, err := a.Client.GetMetricData(ctx, in)
	if err != nil {
		return nil, errs.E("queueages.OldestMessageAges", errs.Transient, err)
	}
	ages := map[string]time.Duration{}
	for _, result := range out.MetricDataResults {
		if queue := asked[aws.ToString(result.Id)]; queue != "" && len(result.Values) > 0 {
			ages[queue] = time.Duration(result.Values[0] * float64(time.Second))
		}
	}
	return ages, nil
}
