package messages

import (
	"context"
	"encoding/json"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
)

func TestEventsAreDispatchedByShape(t *testing.T) {
	t.Parallel()
	var called string
	d := eventDispatcher{
		handleRequest: func(
			_ context.Context, r lambdaevents.APIGatewayProxyRequest,
		) (lambdaevents.APIGatewayProxyResponse, error) {
			called = "request " + r.Path
			return lambdaevents.APIGatewayProxyResponse{StatusCode: 200}, nil
		},
		handleBatch: func(_ context.Context, b lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error) {
			called = "batch " + b.Records[0].MessageId
			return lambdaevents.SQSEventResponse{}, nil
		},
	}
	for _, tt := range []struct{ name, event, want string }{
		{"request", `{"httpMethod":"GET","path":"/health"}`, "request /health"},
		{"request whose body has records", `{"path":"/x","body":"{\"Records\":[{}]}"}`, "request /x"},
		{"batch", `{"Records":[{"messageId":"m1","eventSource":"aws:sqs"}]}`, "batch m1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := d.dispatchEvent(t.Context(), json.RawMessage(tt.event)); err != nil || called != tt.want {
				t.Errorf("called %q, %v; want %q", called, err, tt.want)
			}
		})
	}
	if _, err := d.dispatchEvent(t.Context(), json.RawMessage(`[]`)); err == nil {
		t.Error("accepted an event that is neither")
	}
}
