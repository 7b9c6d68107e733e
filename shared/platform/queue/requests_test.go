package queue_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/events/examples"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/queue"
	"sluice/tests/awsmodel"
)

// answerQueueCall answers a call of SQS or SNS.
func answerQueueCall(r *http.Request) string {
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "":
		return "<PublishResponse><PublishResult/></PublishResponse>"
	case "ReceiveMessage":
		return `{"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"{}","MD5OfBody":"99914b932bd37a50b983c5e7c90ae93b"}]}`
	case "GetQueueAttributes":
		return `{"Attributes":{"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0"}}`
	}
	return "{}"
}

// TestRequestsMatchServiceModels sends each kind of request of this package.
func TestRequestsMatchServiceModels(t *testing.T) {
	t.Parallel()
	cfg := awsmodel.NewConfig(t, answerQueueCall)
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.DisableMessageChecksumValidation = true })
	url := func(name string) string { return "https://sqs.eu-central-1.amazonaws.com/1/" + name }
	publisher, _ := services.Lookup("publish")
	encode, _ := services.Lookup("encode")
	p := queue.Publisher{
		Service: publisher, Queues: client, Topic: sns.NewFromConfig(cfg), URL: url, TopicARN: "arn:aws:sns:::topic",
		TraceHeader: func(context.Context) string { return "Root=1-5-6" },
	}
	m := lambdaevents.SQSMessage{
		MessageId: "m", ReceiptHandle: "h", Body: "{}",
		Attributes: map[string]string{"ApproximateReceiveCount": "5", "SentTimestamp": "1"},
	}
	q := queue.ServiceQueue{Client: client, URLs: []string{url("publish.fifo")}, DeadLetterURL: url("dead"), FIFO: true}
	_, received := queue.DeadLetterConsumer{Client: client, URL: url}.ConsumeBatch(
		t.Context(), encode, func(context.Context, video.DeadLetter) error { return nil },
	)
	_, _, counted := queue.DepthReader{Client: client, URL: url}.ReadQueueCounts(t.Context(), "encode")
	for _, err := range []error{
		p.Send(t.Context(), newEncodeRequests(11)...),
		p.Send(t.Context(), examples.ReadEvent("video.ready.v1/minimal")),
		q.ChangeVisibility(t.Context(), m, 12*time.Hour),
		q.SendToDeadLetterQueue(t.Context(), m, errors.New("it is broken")),
		queue.Redriver{Client: client, URL: url}.Redrive(
			t.Context(), video.DeadLetter{ID: "dl_1", Service: "publish", Body: "{}"},
		),
		received, counted,
	} {
		if err != nil {
			t.Error(err)
		}
	}
}
