package autoscale_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/autoscale"
	"sluice/shared/platform/autoscale/queueages"
	"sluice/shared/platform/awsclient/faults"
)

// respondJSON returns an answer of Lambda; code is "" or that of an error.
func respondJSON(status int, body, code string) faults.Answer {
	return faults.Respond(status, body, "Content-Type", "application/json", "X-Amzn-ErrorType", code)
}

// TestPromise7LambdaFaultsEndCalls: each call ends within its function's time, as Transient if it may succeed later; as
// Conflict, which the next decision repeats, if Lambda is making another change.
func TestPromise7LambdaFaultsEndCalls(t *testing.T) {
	t.Parallel()
	const id = "00000000-0000-0000-0000-000000000000"
	call := func(name string, status int, f func(context.Context, *lambda.Client) error) faults.Call {
		return faults.Call{
			Name: name, Good: respondJSON(status, `{"UUID":"`+id+`"}`, ""), NoBody: status == 202,
			Make: func(ctx context.Context, cfg aws.Config) error { return f(ctx, lambda.NewFromConfig(cfg)) },
		}
	}
	update := []string{"concurrency", "pollers"}
	refuse := func(status int, code string) []faults.Answer {
		return []faults.Answer{respondJSON(status, `{"Type":"User","Message":"no"}`, code)}
	}
	faults.Suite{
		Calls: []faults.Call{
			call("concurrency", 202, func(ctx context.Context, c *lambda.Client) error {
				return autoscale.LambdaMappings{Client: c}.SetMaxConcurrency(ctx, id, 20)
			}),
			call("pollers", 202, func(ctx context.Context, c *lambda.Client) error {
				return autoscale.LambdaMappings{Client: c}.SetMaxPollers(ctx, id, 2)
			}),
			call("invoke", 202, func(ctx context.Context, c *lambda.Client) error {
				f := autoscale.LambdaFunction{Client: c, Name: "sluice-reconcile"}
				return f.InvokeAsync(ctx, autoscale.ScaleSignal{MessagesSent: map[string]int{"encode": 50}})
			}),
		},
		Throttled: refuse(429, "TooManyRequestsException")[0],
		Failed:    []faults.Answer{refuse(500, "ServiceException")[0], faults.Respond(503, "")},
		Denied:    refuse(403, "AccessDeniedException")[0], Kind: errs.Transient,
		Others: []faults.Fault{
			// https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html#API_UpdateEventSourceMapping_Errors
			{
				Name: "in use", Answers: refuse(400, "ResourceInUseException"), Calls: update,
				Kind: errs.Conflict, Attempts: 1,
			},
			{
				Name: "in conflict", Answers: refuse(409, "ResourceConflictException"), Calls: update,
				Kind: errs.Conflict, Attempts: 1,
			},
			{ // the first attempt was accepted, its answer was lost, and the second finds it being made
				Name: "accepted before", Answers: append(
					[]faults.Answer{faults.Respond(503, "")}, refuse(400, "ResourceInUseException")...,
				),
				Calls: update, Kind: errs.Conflict, Attempts: 2,
			},
		},
	}.Run(t)
}

// TestPromise7CloudWatchFaultsEndCalls: as above.
func TestPromise7CloudWatchFaultsEndCalls(t *testing.T) {
	t.Parallel()
	refuse := func(status int, code string) faults.Answer {
		return faults.Respond(status, `<ErrorResponse><Error><Code>`+code+`</Code></Error></ErrorResponse>`)
	}
	faults.Suite{
		Calls: []faults.Call{{
			Name: "ages",
			Good: faults.Respond(200, `<GetMetricDataResponse><GetMetricDataResult/></GetMetricDataResponse>`),
			Make: func(ctx context.Context, cfg aws.Config) error {
				_, err := queueages.New(cfg, fakeQueueName, time.Now).OldestMessageAges(
					ctx, []string{"encode"},
				)
				return err
			},
		}},
		Throttled: refuse(400, "Throttling"),
		Failed:    []faults.Answer{refuse(500, "InternalServiceError"), faults.Respond(503, "")},
		Denied:    refuse(403, "AccessDenied"), Kind: errs.Transient,
	}.Run(t)
}
