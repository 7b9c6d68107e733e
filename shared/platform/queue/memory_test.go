package queue_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/shared/platform/queue"
	"sluice/shared/platform/queue/queuetest"
)

var _ queuetest.SQS = (*sqs.Client)(nil)

func TestMemoryPassesQueueSuite(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, func(testing.TB) queuetest.Cloud {
		now, made := noon, 0
		m := &queue.Memory{Now: func() time.Time { return now }}
		return queuetest.Cloud{
			SQS: m, AdvanceTime: func(d time.Duration) { now = now.Add(d) },
			CreateQueue: func(_ testing.TB, s queue.Settings) string {
				made++
				return m.CreateQueue(fmt.Sprint(made), s)
			},
		}
	})
}

// TestMemoryReordersAndDuplicatesOnRequest: a standard queue may deliver out of order and more than once.
func TestMemoryReordersAndDuplicatesOnRequest(t *testing.T) {
	t.Parallel()
	m := &queue.Memory{
		ExtraCopies: func(_, body string) int { return map[string]int{"b": 1}[body] },
		Shuffle:     func(n int, swap func(i, j int)) { swap(0, n-1) },
	}
	url := m.CreateQueue("q", queue.Settings{VisibilityTimeout: time.Minute})
	for _, body := range []string{"a", "b"} {
		if _, err := m.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := m.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
	if err != nil || m.CountMessages(url) != 3 {
		t.Fatalf("%d messages, %v", m.CountMessages(url), err)
	}
	got := ""
	for _, m := range out.Messages {
		got += aws.ToString(m.Body)
	}
	if got != "bba" {
		t.Errorf("delivered %s, want bba", got)
	}
}
