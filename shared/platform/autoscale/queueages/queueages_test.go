package queueages_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/autoscale/queueages"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func fakeQueueName(queue string) string { return "sluice-" + queue }

func fakeClock() time.Time { return today }

// startFakeCloudWatch returns a client of a server that sends this response, and the form of the last request.
func startFakeCloudWatch(t *testing.T, status int, answer string) (a queueages.CloudWatch, asked *url.Values) {
	t.Helper()
	asked = &url.Values{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked, _ = url.ParseQuery(string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return queueages.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}, fakeQueueName, fakeClock), asked
}

func TestNewestMetricValueIsUsed(t *testing.T) {
	t.Parallel()
	a, asked := startFakeCloudWatch(
		t, 200,
		`<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult><MetricDataResults>
		<member><Id>q1</Id><Label>b</Label><StatusCode>Complete</StatusCode>
			<Timestamps><member>2026-11-23T11:58:00Z</member><member>2026-11-23T11:57:00Z</member></Timestamps>
			<Values><member>90.5</member><member>30</member></Values></member>
		<member><Id>q0</Id><Label>a</Label><StatusCode>Complete</StatusCode><Timestamps></Timestamps><Values></Values></member>
		<member><Id>else</Id><Values><member>7</member></Values></member>
	</MetricDataResults></GetMetricDataResult></GetMetricDataResponse>`,
	)
	got, err := a.OldestMessageAges(t.Context(), []string{"encode", "encode-bulk"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]time.Duration{"encode-bulk": 90500 * time.Millisecond}, got); d != "" {
		t.Error(d)
	}
	for field, want := range map[string]string{
		"Action": "GetMetricData", "ScanBy": "TimestampDescending", "StartTime": "2026-11-23T11:55:00Z",
		"EndTime":                       "2026-11-23T12:00:00Z",
		"MetricDataQueries.member.1.Id": "q0",
		"MetricDataQueries.member.1.MetricStat.Metric.Namespace":                 "AWS/SQS",
		"MetricDataQueries.member.1.MetricStat.Metric.MetricName":                "ApproximateAgeOfOldestMessage",
		"MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name":  "QueueName",
		"MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value": "sluice-encode",
		"MetricDataQueries.member.1.MetricStat.Period":                           "60",
		"MetricDataQueries.member.1.MetricStat.Stat":                             "Maximum",
		"MetricDataQueries.member.2.MetricStat.Metric.Dimensions.member.1.Value": "sluice-encode-bulk",
	} {
		if got := asked.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
}

func TestCloudWatchErrorsAreTransient(t *testing.T) {
	t.Parallel()
	a, _ := startFakeCloudWatch(
		t, 400,
		`<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`,
	)
	if _, err := a.OldestMessageAges(t.Context(), []string{"encode"}); errs.KindOf(err) != errs.Transient {
		t.Errorf("%v", err)
	}
	down := errors.New("down")
	if _, err := (queueages.CloudWatch{
		Client: failingMetricData{down}, QueueName: fakeQueueName, Now: fakeClock,
	}).OldestMessageAges(t.Context(), nil); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
}

type failingMetricData struct{ err error }

func (f failingMetricData) GetMetricData(
	context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options),
) (*cloudwatch.GetMetricDataOutput, error) {
	return nil, f.err
}
