package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/oklog/ulid/v2"

	"sluice/localstack/cloud"
)

// producer is another system in the same AWS account.
type producer struct {
	s3       *s3.Client
	sqs      *sqs.Client
	sns      *sns.Client
	bucket   string // the producer's own
	queueURL string // Sluice's queue for requests
	topicARN string // Sluice's topic
	sender   string // the SQS SenderId of its messages
}

func newProducer(ctx context.Context, env cloud.Env) (producer, error) {
	cfg := env.AWSConfig()
	queue, err1 := env.Outputs.Get("InboxApi")
	topic, err2 := env.Outputs.Get("TopicArn")
	return producer{
		s3:  s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
		sqs: sqs.NewFromConfig(cfg), sns: sns.NewFromConfig(cfg),
		bucket: cloud.ProducerBucket, queueURL: queue, topicARN: topic, sender: cloud.Account,
	}, errors.Join(err1, err2)
}

// sentRequest is a request that was sent: the key of the object and the correlation id.
type sentRequest struct{ key, correlationID string }

// sendRequest puts the file into the producer's bucket below prefix and requests a video of it.
func (p producer) sendRequest(ctx context.Context, file, prefix string) (sentRequest, error) {
	var taken *types.BucketAlreadyOwnedByYou
	if _, err := p.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &p.bucket}); err != nil &&
		!errors.As(err, &taken) {
		return sentRequest{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return sentRequest{}, err
	}
	defer f.Close()
	r := sentRequest{key: prefix + filepath.Base(file), correlationID: "order-" + ulid.Make().String()}
	if _, err := p.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &p.bucket, Key: &r.key, Body: f}); err != nil {
		return sentRequest{}, err
	}
	body, err := json.Marshal(p.buildRequest(r, time.Now()))
	if err != nil {
		return sentRequest{}, err
	}
	_, err = p.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &p.queueURL, MessageBody: aws.String(string(body))})
	return r, err
}

// buildRequest returns the event as a producer in any language would write it. Its schema is
// events/schema/upload.requested.v1.json.
func (p producer) buildRequest(r sentRequest, at time.Time) map[string]any {
	return map[string]any{
		"specversion": "1.0", "type": "upload.requested.v1", "source": "urn:example:archive", "id": r.correlationID,
		"time": at.UTC().Format(time.RFC3339), "correlationid": r.correlationID,
		"data": map[string]any{
			"origin":   map[string]any{"bucket": p.bucket, "key": r.key},
			"metadata": map[string]any{"sent_by": "produce"},
		},
	}
}

// topicEvent has the members of an event that this command uses.
type topicEvent struct {
	Type, Subject, CorrelationID string
	Data                         struct {
		Tasks    int
		Playback string `json:"playback_id"`
		Problem  struct{ Code, Message string }
	}
}

// describeEvent summarizes an event; api is the base of links.
func (e topicEvent) describeEvent(api string) string {
	switch e.Type {
	case "video.processing.v1":
		return fmt.Sprintf("%s in %d tasks", e.Subject, e.Data.Tasks)
	case "video.ready.v1":
		return api + "/watch/" + e.Data.Playback
	case "video.failed.v1":
		return e.Data.Problem.Code + ": " + e.Data.Problem.Message
	}
	return e.Subject
}

// isFinal reports whether no other event of the video follows.
func (e topicEvent) isFinal() bool { return e.Type == "video.ready.v1" || e.Type == "video.failed.v1" }
