//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/platform/queue"
	"sluice/shared/platform/queue/queuetest"
	"sluice/tests/clouds"
)

func TestInbox(t *testing.T) {
	client := sqs.NewFromConfig(cloud(t))
	queuetest.Run(t, func(t testing.TB) queuetest.Cloud {
		clouds.Needs(t, clouds.Case(t)...)
		return queuetest.Cloud{
			SQS: client, Pass: time.Sleep, // the server's clock is what counts
			Make: func(t testing.TB, s queue.Settings) string { return createQueue(t, client, s) },
		}
	}, queuetest.Visible) // every local cloud hides it
}

// createQueue makes a queue with the attributes that infra gives ours, and removes it after the test.
func createQueue(t testing.TB, client *sqs.Client, s queue.Settings) string {
	t.Helper()
	name := throwaway("inbox")
	attributes := map[string]string{"VisibilityTimeout": strconv.Itoa(int(s.Visibility.Seconds()))}
	if s.FIFO {
		name += ".fifo"
		maps.Copy(attributes, map[string]string{"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"})
	}
	if s.Dead != "" {
		policy, _ := json.Marshal(map[string]string{"deadLetterTargetArn": arn(t, client, s.Dead), "maxReceiveCount": strconv.Itoa(s.Receives)})
		attributes["RedrivePolicy"] = string(policy)
	}
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}); err != nil {
			t.Error(err)
		}
	})
	return *out.QueueUrl
}

func arn(t testing.TB, client *sqs.Client, url string) string {
	t.Helper()
	out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes[string(types.QueueAttributeNameQueueArn)]
}
