package main

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/services"
)

func TestInboxes(t *testing.T) {
	t.Parallel()
	queues := onAWS().of("SQS::Queue")
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			every, ending := map[string]any{"SqsManagedSseEnabled": true}, ""
			if s.Inbox.FIFO {
				ending = ".fifo"
				maps.Copy(every, map[string]any{
					"FifoQueue": true, "ContentBasedDeduplication": false,
					"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId",
				})
			}
			dead := maps.Clone(every)
			dead["QueueName"] = "sluice-" + s.Name + "-dead" + ending
			dead["MessageRetentionPeriod"] = 14 * 24 * 3600.0
			if d := cmp.Diff(dead, queues[title(s.Name)+"InboxDead"].Properties); d != "" {
				t.Errorf("dead letters (-want +got):\n%s", d)
			}
			queue := maps.Clone(every)
			queue["QueueName"] = "sluice-" + s.Name + ending
			queue["VisibilityTimeout"] = 6 * s.Timeout.Seconds()
			queue["MaximumMessageSize"] = 262144.0
			got := maps.Clone(queues[title(s.Name)+"InboxQueue"].Properties)
			redrive := got["RedrivePolicy"].(map[string]any)
			delete(got, "RedrivePolicy")
			if d := cmp.Diff(queue, got); d != "" {
				t.Errorf("queue (-want +got):\n%s", d)
			}
			to, times := text(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"]
			if to != title(s.Name)+"InboxDead" || times != float64(s.Inbox.Attempts+1) {
				t.Errorf("after %v deliveries a message goes to %s", times, to)
			}
		})
	}
}

func TestThereIsNoOtherQueue(t *testing.T) {
	t.Parallel()
	want := 0
	for _, s := range services.Map {
		if s.Inbox != nil {
			want += 2
		}
	}
	if got := len(onAWS().of("SQS::Queue")); got != want {
		t.Errorf("%d queues, not %d", got, want)
	}
}

func TestMappings(t *testing.T) {
	t.Parallel()
	mappings := onAWS().of("Lambda::EventSourceMapping")
	for _, s := range services.Map {
		if s.Inbox == nil {
			continue
		}
		got := maps.Clone(mappings[title(s.Name)+"InboxFeed"].Properties)
		for _, end := range []string{"EventSourceArn", "FunctionName"} {
			got[end] = text(got[end])
		}
		want := map[string]any{
			"EventSourceArn": title(s.Name) + "InboxQueue", "FunctionName": title(s.Name) + "Function",
			"BatchSize": float64(s.Inbox.Batch), "FunctionResponseTypes": []any{"ReportBatchItemFailures"},
			"ScalingConfig": map[string]any{"MaximumConcurrency": float64(services.StandardWorkers)},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name, d)
		}
	}
}

// TestProducersMaySend: to the inbox that takes their requests and to no other.
func TestProducersMaySend(t *testing.T) {
	t.Parallel()
	for id, policy := range onAWS().of("SQS::QueuePolicy") {
		var who []string
		for _, s := range list(policy.at("PolicyDocument", "Statement")) {
			s := resource{Properties: s.(map[string]any)}
			if p := text(s.at("Principal", "AWS")); s.at("Effect") == "Allow" && p != "" && p != "<nil>" {
				who = append(who, text(s.at("Action"))+" "+p)
			}
		}
		if id == "ApiInboxQueuePolicy" {
			if len(who) != 1 || !strings.HasPrefix(who[0], "sqs:SendMessage") || !strings.Contains(who[0], "210987654321") {
				t.Errorf("%s lets in %v", id, who)
			}
		} else if who != nil {
			t.Errorf("%s lets in %v", id, who)
		}
	}
}
