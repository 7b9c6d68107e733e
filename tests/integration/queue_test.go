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

func TestQueueConformance(t *testing.T) {
	client := sqs.NewFromConfig(loadCheckedConfig(t))
	queuetest.Run(t, func(t testing.TB) queuetest.Cloud {
		clouds.RequireCapabilities(t, clouds.CaseCapabilities(t)...)
		return queuetest.Cloud{
			SQS: client, AdvanceTime: time.Sleep, // the server has its own clock
			CreateQueue: func(t testing.TB, s queue.Settings) string { return createQueue(t, client, s) },
		}
	}, queuetest.VisibleMessageTest) // no local cloud returns it
}

// createQueue creates a queue with the attributes that infra sets, and removes it after the test.
func createQueue(t testing.TB, client *sqs.Client, s queue.Settings) string {
	t.Helper()
	name := temporaryName("inbox")
	attributes := map[string]string{"VisibilityTimeout": strconv.Itoa(int(s.VisibilityTimeout.Seconds()))}
	if s.FIFO {
		name += ".fifo"
		maps.Copy(
			attributes,
			map[string]string{
				"FifoQueue": "true", "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
			},
		)
	}
	if s.DeadLetterURL != "" {
		policy, _ := json.Marshal(map[string]string{
			"deadLetterTargetArn": queueARN(t, client, s.DeadLetterURL), "maxReceiveCount": strconv.Itoa(s.MaxReceives),
		})
		attributes["RedrivePolicy"] = string(policy)
	}
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteQueue(
			context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl},
		); err != nil {
			t.Error(err)
		}
	})
	return *out.QueueUrl
}

func queueARN(t testing.TB, client *sqs.Client, url string) string {
	t.Helper()
	out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes[string(types.QueueAttributeNameQueueArn)]
}
