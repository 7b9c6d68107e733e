package chaos

import (
	"cmp"
	"context"
	"io"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/store"
	"sluice/shared/platform/store/table"
	"sluice/tests/rowpolicy"
)

// faultyTable is the table as a process accesses it. A call that its service's role does not allow fails the test.
type faultyTable struct{ *process }

func (t faultyTable) rows() table.Table {
	return rowpolicy.LimitStore(t.w.t, t.w.store, t.name).Table
}

// newStore returns the store as a process accesses it.
func (p *process) newStore() store.Store { return store.New(faultyTable{p}) }

func (t faultyTable) Get(ctx context.Context, k table.Key) (table.Row, error) {
	return scheduleCall(ctx, t.process, "Get "+k.Kind(), k.PK, readOutcomes, func() (table.Row, error) {
		return t.rows().Get(ctx, k)
	})
}

func (t faultyTable) GetBatch(ctx context.Context, keys []table.Key) ([]table.Row, error) {
	return scheduleCall(
		ctx, t.process, "GetBatch "+keys[0].Kind(), keys[0].PK, readOutcomes, func() ([]table.Row, error) {
			return t.rows().GetBatch(ctx, keys)
		},
	)
}

func (t faultyTable) Write(ctx context.Context, w table.Write) (table.Row, error) {
	return scheduleCall(
		ctx, t.process, "Write "+w.Key.Kind(), w.Key.PK+w.Key.SK, writeOutcomes, func() (table.Row, error) {
			t.w.checkInFlightLimit(w)
			return t.rows().Write(detachContext(ctx), w)
		},
	)
}

func (t faultyTable) Transact(ctx context.Context, writes ...table.Write) error {
	k := writes[0].Key
	return scheduleCallErr(ctx, t.process, "Transact "+k.Kind(), k.PK, writeOutcomes, func() error {
		err := t.rows().Transact(detachContext(ctx), writes...)
		if err == nil {
			t.w.checkSavedVideo(k)
		}
		return err
	})
}

func (t faultyTable) Query(ctx context.Context, q table.Query) (rows []table.Row, next table.Row, err error) {
	name := cmp.Or(q.Index, table.Key{SK: q.Prefix + q.From}.Kind())
	rows, err = scheduleCall(
		ctx, t.process, "Query "+name, q.Partition, readOutcomes, func() (rows []table.Row, err error) {
			rows, next, err = t.rows().Query(ctx, q)
			return rows, err
		},
	)
	return rows, next, err
}

func (t faultyTable) Count(ctx context.Context, q table.Query) (int, error) {
	return t.rows().Count(ctx, q) // no service of this package counts rows
}

func (t faultyTable) Delete(ctx context.Context, keys []table.Key) error {
	return scheduleCallErr(ctx, t.process, "Delete "+keys[0].Kind(), keys[0].PK, writeOutcomes, func() error {
		return t.rows().Delete(detachContext(ctx), keys)
	})
}

// faultyMedia is the media bucket as a process accesses it.
type faultyMedia struct{ *process }

func (m faultyMedia) PutObject(ctx context.Context, key string, body io.ReadSeeker, meta blob.Metadata) error {
	return scheduleCallErr(ctx, m.process, "Put a segment", key, writeOutcomes, func() error {
		return m.w.putSegment(detachContext(ctx), key, body, meta)
	})
}

func (m faultyMedia) GetObject(ctx context.Context, key string) (io.ReadCloser, video.StoredObject, error) {
	var info video.StoredObject
	body, err := scheduleCall(
		ctx, m.process, "Get "+path.Base(key), key, readOutcomes, func() (body io.ReadCloser, err error) {
			body, info, err = m.w.media.GetObject(ctx, key)
			return body, err
		},
	)
	return body, info, err
}

func (m faultyMedia) ReplaceObject(
	ctx context.Context, key, etag string, body io.ReadSeeker, meta blob.Metadata,
) error {
	return scheduleCallErr(ctx, m.process, "Replace "+path.Base(key), key, writeOutcomes, func() error {
		return m.w.replacePlaylist(detachContext(ctx), key, etag, body, meta)
	})
}

func (m faultyMedia) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	return scheduleCall(ctx, m.process, "Delete media", prefix, writeOutcomes, func() (int, error) {
		return m.w.media.DeletePrefix(detachContext(ctx), prefix)
	})
}

// faultySource is the bucket of originals as a process accesses it.
type faultySource struct{ *process }

func (s faultySource) DownloadObject(ctx context.Context, key, etag string, to io.Writer) error {
	return scheduleCallErr(ctx, s.process, "Download", key, readOutcomes, func() error {
		return s.w.source.DownloadObject(ctx, key, etag, to)
	})
}

func (s faultySource) DownloadRange(
	ctx context.Context, key, etag string, from, length int64, to io.Writer,
) error {
	return scheduleCallErr(ctx, s.process, "Download a range", key, readOutcomes, func() error {
		return s.w.source.DownloadRange(ctx, key, etag, from, length, to)
	})
}

func (s faultySource) PutObject(ctx context.Context, key string, body io.ReadSeeker, meta blob.Metadata) error {
	return scheduleCallErr(ctx, s.process, "Put an index", key, writeOutcomes, func() error {
		return s.w.source.PutObject(detachContext(ctx), key, body, meta)
	})
}

func (s faultySource) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	return scheduleCall(ctx, s.process, "CreateUpload", key, writeOutcomes, func() (string, error) {
		return s.w.source.CreateUpload(detachContext(ctx), key, contentType)
	})
}

func (s faultySource) PresignPart(
	ctx context.Context, key, id string, n int, size int64, ttl time.Duration,
) (string, time.Time, error) {
	return s.w.source.PresignPart(ctx, key, id, n, size, ttl) // computed without a call
}

func (s faultySource) AbortUpload(ctx context.Context, key, id string) error {
	return scheduleCallErr(ctx, s.process, "AbortUpload", key, writeOutcomes, func() error {
		return s.w.source.AbortUpload(detachContext(ctx), key, id)
	})
}

func (s faultySource) ListParts(ctx context.Context, key, id string) ([]video.Part, error) {
	return scheduleCall(ctx, s.process, "ListParts", key, readOutcomes, func() ([]video.Part, error) {
		return s.w.source.ListParts(ctx, key, id)
	})
}

// CompleteUpload creates the object and sends S3's event to inspect.
func (s faultySource) CompleteUpload(ctx context.Context, key, id string, parts []video.Part) (string, error) {
	return scheduleCall(ctx, s.process, "CompleteUpload", key, writeOutcomes, func() (string, error) {
		etag, err := s.w.source.CompleteUpload(detachContext(ctx), key, id, parts)
		if err == nil {
			s.w.sendS3Event(key)
		}
		return etag, err
	})
}

func (s faultySource) HeadObject(ctx context.Context, key string) (video.StoredObject, error) {
	return scheduleCall(ctx, s.process, "Head", key, readOutcomes, func() (video.StoredObject, error) {
		return s.w.source.HeadObject(ctx, key)
	})
}

func (s faultySource) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	return scheduleCall(ctx, s.process, "Delete originals", prefix, writeOutcomes, func() (int, error) {
		return s.w.source.DeletePrefix(detachContext(ctx), prefix)
	})
}

// faultyQueues is SQS and SNS as a process accesses them.
type faultyQueues struct{ *process }

func (q faultyQueues) SendMessageBatch(
	ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageBatchOutput, error) {
	to := path.Base(*in.QueueUrl)
	o := q.awaitOutcome("Send to "+to, *in.Entries[0].MessageBody, sendOutcomes)
	switch o {
	case callHangs:
		<-ctx.Done()
	case callVanishes:
		return &sqs.SendMessageBatchOutput{}, nil
	case callHalfAccepted:
		return q.sendHalf(ctx, in)
	case callArrivesLate:
		q.w.scheduleLateCall(func() { _, _ = q.w.sendBatch(in) }, "Send to "+to)
	case callPasses, callLosesAnswer, callDiesAfter:
		if out, err := q.w.sendBatch(in); o == callPasses {
			return out, err
		}
	case callRefused, callDies:
	}
	return nil, errConnectionReset
}

// sendHalf sends the first half of a batch and reports the rest as failed.
func (q faultyQueues) sendHalf(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	n := len(in.Entries) / 2
	out := &sqs.SendMessageBatchOutput{}
	if n > 0 {
		var err error
		if out, err = q.w.sendBatch(&sqs.SendMessageBatchInput{
			QueueUrl: in.QueueUrl, Entries: in.Entries[:n],
		}); err != nil {
			return nil, err
		}
	}
	for _, e := range in.Entries[n:] {
		out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Message: aws.String("internal error")})
	}
	return out, nil
}

// SendMessage sends a message to the dead-letter queue.
func (q faultyQueues) SendMessage(
	ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options),
) (*sqs.SendMessageOutput, error) {
	out, err := scheduleCall(
		ctx, q.process, "Send a dead letter", "", writeOutcomes, func() (*sqs.SendMessageOutput, error) {
			return q.w.sqs.SendMessage(detachContext(ctx), in)
		},
	)
	if err == nil {
		q.deadLettered[*in.MessageAttributes["message_id"].StringValue] = true
	}
	return out, err
}

func (q faultyQueues) ChangeMessageVisibility(
	ctx context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options),
) (*sqs.ChangeMessageVisibilityOutput, error) {
	return scheduleCall(
		ctx, q.process, "Change visibility", "", readOutcomes, func() (*sqs.ChangeMessageVisibilityOutput, error) {
			return q.w.sqs.ChangeMessageVisibility(ctx, in)
		},
	)
}

func (q faultyQueues) GetQueueAttributes(
	ctx context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options),
) (*sqs.GetQueueAttributesOutput, error) {
	return scheduleCall(
		ctx, q.process, "Depth", *in.QueueUrl, readOutcomes, func() (*sqs.GetQueueAttributesOutput, error) {
			return q.w.sqs.GetQueueAttributes(ctx, in)
		},
	)
}

func (q faultyQueues) Publish(
	ctx context.Context, in *sns.PublishInput, _ ...func(*sns.Options),
) (*sns.PublishOutput, error) {
	return scheduleCall(ctx, q.process, "Publish", "", writeOutcomes, func() (*sns.PublishOutput, error) {
		return &sns.PublishOutput{}, q.w.publishEvent(*in.Message)
	})
}

// faultyTools is ffmpeg and ffprobe. A process can die while they run.
type faultyTools struct{ *process }

func (t faultyTools) Run(ctx context.Context, r ffmpeg.Command) error {
	return scheduleCallErr(ctx, t.process, "Run ffmpeg", "", readOutcomes, func() error {
		return t.w.tools.Run(detachContext(ctx), r)
	})
}

func (t faultyTools) ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error) {
	return scheduleCall(ctx, t.process, "Run ffprobe", "", readOutcomes, func() ([]byte, error) {
		return t.w.tools.ProbeStreams(detachContext(ctx), dir, file, container)
	})
}

func (t faultyTools) ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	return scheduleCall(ctx, t.process, "Run ffprobe", "", readOutcomes, func() ([]byte, error) {
		return t.w.tools.ProbePackets(detachContext(ctx), dir, file, container, from)
	})
}
