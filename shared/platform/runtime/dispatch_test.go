package runtime

import (
	"context"
	"encoding/json"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
)

func TestEventsAreDispatchedByShape(t *testing.T) {
	t.Parallel()
	var came string
	d := eventDispatcher{
		handleRequest: func(_ context.Context, r lambdaevents.APIGatewayProxyRequest) (lambdaevents.APIGatewayProxyResponse, error) {
			came = "front " + r.Path
			return lambdaevents.APIGatewayProxyResponse{StatusCode: 200}, nil
		},
		handleBatch: func(_ context.Context, b lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error) {
			came = "back " + b.Records[0].MessageId
			return lambdaevents.SQSEventResponse{}, nil
		},
	}
	for _, tt := range []struct{ name, event, want string }{
		{"request", `{"httpMethod":"GET","path":"/health"}`, "front /health"},
		{"request whose body has records", `{"path":"/x","body":"{\"Records\":[{}]}"}`, "front /x"},
		{"batch", `{"Records":[{"messageId":"m1","eventSource":"aws:sqs"}]}`, "back m1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := d.dispatchEvent(t.Context(), json.RawMessage(tt.event)); err != nil || came != tt.want {
				t.Errorf("came to %q, %v; want %q", came, err, tt.want)
			}
		})
	}
	if _, err := d.dispatchEvent(t.Context(), json.RawMessage(`[]`)); err == nil {
		t.Error("took what is neither")
	}
}
