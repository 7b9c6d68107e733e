package store_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/fairshare"
	"sluice/shared/domain/video"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/store"
)

// respond returns an answer of DynamoDB.
func respond(status int, body string) faults.Answer {
	return faults.Respond(status, body, "Content-Type", "application/x-amz-json-1.0")
}

// TestPromise7DynamoDBFaultsEndCalls: each call ends within its function's time, as Transient if it may succeed later.
func TestPromise7DynamoDBFaultsEndCalls(t *testing.T) {
	t.Parallel()
	call := func(name, good string, f func(context.Context, store.Store) error) faults.Call {
		return faults.Call{Name: name, Good: respond(200, good), Make: func(ctx context.Context, cfg aws.Config) error {
			return f(ctx, store.NewDynamoDB(dynamodb.NewFromConfig(cfg), "rows"))
		}}
	}
	refused := func(body string) []faults.Answer { return []faults.Answer{respond(400, body)} }
	faults.Suite{
		Calls: []faults.Call{
			call("get", `{"Item":{"pk":{"S":"TENANT#a"},"sk":{"S":"TENANT"}}}`,
				func(ctx context.Context, s store.Store) error {
					_, err := s.LoadTenant(ctx, "a")
					return err
				}),
			call("query", `{"Items":[],"Count":0}`, func(ctx context.Context, s store.Store) error {
				_, err := s.ListProducers(ctx)
				return err
			}),
			call("count", `{"Count":3,"ScannedCount":3}`, func(ctx context.Context, s store.Store) error {
				_, err := s.CountOpenDeadLetters(ctx, "encode")
				return err
			}),
			call("put", `{}`, func(ctx context.Context, s store.Store) error {
				return s.SaveInFlightLimit(ctx, fairshare.InFlightLimit{Tenant: "a", Lane: video.Bulk, Version: 2})
			}),
			call("update", `{}`, func(ctx context.Context, s store.Store) error {
				return s.UpdateDetails(ctx, "a", "vid_1", video.Details{Title: "Bunny"})
			}),
			call("transaction", `{}`, func(ctx context.Context, s store.Store) error {
				return s.CreateTenant(ctx, access.Tenant{ID: "a"})
			}),
			call("delete", `{"UnprocessedItems":{}}`, func(ctx context.Context, s store.Store) error {
				return s.DeleteToken(ctx, "tok_1")
			}),
		},
		Throttled: respond(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}`),
		Failed: []faults.Answer{
			respond(500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`), respond(503, ``),
		},
		Denied: respond(400, `{"__type":"com.amazon.coral.service#AccessDeniedException"}`), Kind: errs.Internal,
		Others: []faults.Fault{
			{
				Name: "a transaction writes the row", Calls: []string{"put", "update"}, Attempts: 2,
				Answers: refused(`{"__type":"TransactionConflictException"}`),
			},
			{
				Name: "another transaction writes a row", Calls: []string{"transaction"}, Attempts: 1,
				Kind: errs.Transient, Answers: refused(
					`{"__type":"TransactionCanceledException","CancellationReasons":[{"Code":"TransactionConflict"}]}`,
				),
			},
			{
				Name: "condition", Calls: []string{"put"}, Attempts: 1, Kind: errs.Conflict,
				Answers: refused(`{"__type":"ConditionalCheckFailedException"}`),
			},
			{
				Name: "rows are left", Calls: []string{"delete"}, Attempts: 1, Kind: errs.Transient,
				Answers: []faults.Answer{respond(200, `{"UnprocessedItems":{"rows":[{"DeleteRequest":`+
					`{"Key":{"pk":{"S":"TOKEN#tok_1"},"sk":{"S":"TOKEN"}}}}]}}`)},
			},
		},
	}.Run(t)
}
