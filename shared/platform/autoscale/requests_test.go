package autoscale_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/autoscale/queueages"
	"sluice/tests/awsmodel"
)

// TestRequestsMatchServiceModels sends each request with the smallest and the largest values.
func TestRequestsMatchServiceModels(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-0000-0000-000000000000"
	var queues []string
	for _, q := range services.ListQueues() {
		queues = append(queues, q.Name)
	}
	client := lambda.NewFromConfig(awsmodel.NewConfig(t, func(*http.Request) string { return "{}" }))
	m := autoscale.LambdaMappings{Client: client}
	f := autoscale.LambdaFunction{Client: client, Name: "sluice-reconcile"}
	ages := queueages.New(awsmodel.NewConfig(t, func(*http.Request) string {
		return "<GetMetricDataResponse><GetMetricDataResult/></GetMetricDataResponse>"
	}), fakeQueueName, time.Now)
	_, err := ages.OldestMessageAges(t.Context(), queues)
	for _, err := range []error{
		err,
		m.SetMaxConcurrency(t.Context(), id, scaling.MinCeiling),
		m.SetMaxConcurrency(t.Context(), id, scaling.MaxCeiling),
		m.SetMaxPollers(t.Context(), id, 1), m.SetMaxPollers(t.Context(), id, 2000),
		f.InvokeAsync(t.Context(), autoscale.ScaleSignal{MessagesSent: map[string]int{"encode": 500}}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func fakeQueueName(queue string) string { return "sluice-" + queue }
