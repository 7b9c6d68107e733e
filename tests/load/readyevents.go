package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"sluice/localstack/cloud"
	"sluice/tests/subscriber"
)

// readyEventType is the type of the event that announces a ready video.
const readyEventType = "video.ready.v1"

// readyEvents has the ids of the events that announced each video as ready. An event that arrives twice counts once, as
// the contract asks of subscribers.
type readyEvents struct {
	mu  sync.Mutex
	ids map[string]map[string]bool
}

func newReadyEvents() *readyEvents { return &readyEvents{ids: map[string]map[string]bool{}} }

// recordEvent keeps an event of the topic. It ignores other types.
func (r *readyEvents) recordEvent(event []byte) error {
	var e struct{ ID, Type, Subject string }
	if err := json.Unmarshal(event, &e); err != nil {
		return err
	}
	if e.Type != readyEventType {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids[e.Subject] == nil {
		r.ids[e.Subject] = map[string]bool{}
	}
	r.ids[e.Subject][e.ID] = true
	return nil
}

// countEvents returns the number of different events for a video.
func (r *readyEvents) countEvents(video string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ids[video])
}

// subscribeToTopic subscribes to the topic of the local cloud, or to the one of the flag. It returns nil if there is
// neither.
func (b burstConfig) subscribeToTopic(
	ctx context.Context, root string, o cloud.AdminClient, names []string,
) (*subscriber.Queue, error) {
	arn := b.topicARN
	if env, err := cloud.Open(root); arn == "" && err == nil && env.APIURL == o.URL {
		if arn, err = env.Outputs.Get("TopicArn"); err != nil {
			return nil, err
		}
	}
	if arn == "" {
		return nil, nil
	}
	return subscriber.Topic{SQS: sqs.NewFromConfig(o.AWS), SNS: sns.NewFromConfig(o.AWS), ARN: arn}.Subscribe(ctx,
		"load", "video.ready", names...)
}
