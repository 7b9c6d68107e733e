package runtime

import (
	"context"
	"encoding/json"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
)

func TestDoors(t *testing.T) {
	t.Parallel()
	var came string
	d := doors{
		front: func(_ context.Context, r lambdaevents.APIGatewayProxyRequest) (lambdaevents.APIGatewayProxyResponse, error) {
			came = "front " + r.Path
			return lambdaevents.APIGatewayProxyResponse{StatusCode: 200}, nil
		},
		back: func(_ context.Context, b lambdaevents.SQSEvent) (lambdaevents.SQSEventResponse, error) {
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
			if _, err := d.open(t.Context(), json.RawMessage(tt.event)); err != nil || came != tt.want {
				t.Errorf("came to %q, %v; want %q", came, err, tt.want)
			}
		})
	}
	if _, err := d.open(t.Context(), json.RawMessage(`[]`)); err == nil {
		t.Error("took what is neither")
	}
}
