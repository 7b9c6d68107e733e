package chaos

import (
	"context"
	"errors"
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
)

// faultyStore are the table as a process sees it.
type faultyStore struct{ *process }

func (r faultyStore) PutTenant(context.Context, video.Tenant) error { return errors.ErrUnsupported }
func (r faultyStore) Tenant(context.Context, string) (video.Tenant, error) {
	return video.Tenant{}, errors.ErrUnsupported
}
func (r faultyStore) PutToken(context.Context, video.Token) error { return errors.ErrUnsupported }

func (r faultyStore) CreateVideo(ctx context.Context, v video.Video, u video.Upload) error {
	return scheduleCallErr(ctx, r.process, "Create", v.ID, writeOutcomes, func() error { return r.w.store.CreateVideo(detachContext(ctx), v, u) })
}

func (r faultyStore) CreateVideoIdempotently(ctx context.Context, v video.Video, u video.Upload, c video.IdempotencyRecord) error {
	return scheduleCallErr(ctx, r.process, "CreateOnce", v.ID, writeOutcomes, func() error { return r.w.store.CreateVideoIdempotently(detachContext(ctx), v, u, c) })
}

func (r faultyStore) LoadUpload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return scheduleCall(ctx, r.process, "Upload", id, readOutcomes, func() (video.Upload, error) { return r.w.store.LoadUpload(ctx, tenant, id) })
}

func (r faultyStore) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	return scheduleCall(ctx, r.process, "Video", id, readOutcomes, func() (video.Video, error) { return r.w.store.LoadVideo(ctx, tenant, id) })
}

func (r faultyStore) SaveVideo(ctx context.Context, v video.Video, why video.TimelineEntry) error {
	return scheduleCallErr(ctx, r.process, "Save", string(v.State), writeOutcomes, func() error { return r.w.saveVideo(detachContext(ctx), v, why) })
}

func (r faultyStore) FinishTask(ctx context.Context, tenant, id string, d video.TaskDone) (map[int]bool, error) {
	return scheduleCall(ctx, r.process, "Finish", id, writeOutcomes, func() (map[int]bool, error) { return r.w.store.FinishTask(detachContext(ctx), tenant, id, d) })
}

func (r faultyStore) DeleteTaskResults(ctx context.Context, tenant, id string) error {
	return scheduleCallErr(ctx, r.process, "Forget", id, writeOutcomes, func() error { return r.w.store.DeleteTaskResults(detachContext(ctx), tenant, id) })
}

func (r faultyStore) ListOverdueVideos(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	return scheduleCall(ctx, r.process, "Due", "", readOutcomes, func() ([]video.Ref, error) { return r.w.store.ListOverdueVideos(ctx, now, limit) })
}

func (r faultyStore) BeginIdempotency(ctx context.Context, c video.IdempotencyRecord, now time.Time) (video.IdempotencyRecord, error) {
	return scheduleCall(ctx, r.process, "Claim", c.Key, writeOutcomes, func() (video.IdempotencyRecord, error) { return r.w.store.BeginIdempotency(detachContext(ctx), c, now) })
}

func (r faultyStore) CompleteIdempotency(ctx context.Context, c video.IdempotencyRecord) error {
	return scheduleCallErr(ctx, r.process, "Settle", c.Key, writeOutcomes, func() error { return r.w.store.CompleteIdempotency(detachContext(ctx), c) })
}

func (r faultyStore) ListTaskResults(ctx context.Context, tenant, id string) ([]video.Result, error) {
	return scheduleCall(ctx, r.process, "Results", id, readOutcomes, func() ([]video.Result, error) { return r.w.store.ListTaskResults(ctx, tenant, id) })
}

func (r faultyStore) LoadInFlightLimit(ctx context.Context, tenant string, lane video.Lane) (video.InFlightLimit, error) {
	return scheduleCall(ctx, r.process, "Window", tenant, readOutcomes, func() (video.InFlightLimit, error) { return r.w.store.LoadInFlightLimit(ctx, tenant, lane) })
}

func (r faultyStore) SaveInFlightLimit(ctx context.Context, w video.InFlightLimit) error {
	return scheduleCallErr(ctx, r.process, "SaveWindow", w.Tenant, writeOutcomes, func() error { return r.w.saveInFlightLimit(detachContext(ctx), w) })
}

func (r faultyStore) EnqueuePosition(ctx context.Context, tenant string, lane video.Lane, t video.QueuePosition) error {
	return scheduleCallErr(ctx, r.process, "Wait", t.Video, writeOutcomes, func() error { return r.w.store.EnqueuePosition(detachContext(ctx), tenant, lane, t) })
}

func (r faultyStore) ListQueuePositions(ctx context.Context, tenant string, lane video.Lane, after video.QueuePosition, limit int) ([]video.QueuePosition, error) {
	return scheduleCall(ctx, r.process, "Waiting", tenant, readOutcomes, func() ([]video.QueuePosition, error) {
		return r.w.store.ListQueuePositions(ctx, tenant, lane, after, limit)
	})
}

func (r faultyStore) DequeuePositions(ctx context.Context, tenant string, lane video.Lane, turns ...video.QueuePosition) error {
	return scheduleCallErr(ctx, r.process, "Leave", tenant, writeOutcomes, func() error { return r.w.store.DequeuePositions(detachContext(ctx), tenant, lane, turns...) })
}

// faultyMedia are those of the bucket of what is published.
type faultyMedia struct{ *process }

func (m faultyMedia) PutObject(ctx context.Context, key string, body io.ReadSeeker, meta blob.Metadata) error {
	return scheduleCallErr(ctx, m.process, "Put a segment", key, writeOutcomes, func() error { return m.w.putSegment(detachContext(ctx), key, body, meta) })
}

func (m faultyMedia) GetObject(ctx context.Context, key string) (io.ReadCloser, blob.Info, error) {
	var info blob.Info
	body, err := scheduleCall(ctx, m.process, "Get "+path.Base(key), key, readOutcomes, func() (body io.ReadCloser, err error) {
		body, info, err = m.w.media.GetObject(ctx, key)
		return body, err
	})
	return body, info, err
}

func (m faultyMedia) ReplaceObject(ctx context.Context, key, etag string, body io.ReadSeeker, meta blob.Metadata) error {
	return scheduleCallErr(ctx, m.process, "Replace "+path.Base(key), key, writeOutcomes, func() error { return m.w.replacePlaylist(detachContext(ctx), key, etag, body, meta) })
}

func (m faultyMedia) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	return scheduleCall(ctx, m.process, "Delete media", prefix, writeOutcomes, func() (int, error) { return m.w.media.DeletePrefix(detachContext(ctx), prefix) })
}

// faultySource is the bucket of originals.
type faultySource struct{ *process }

func (s faultySource) DownloadObject(ctx context.Context, key, etag string, to io.Writer) error {
	return scheduleCallErr(ctx, s.process, "Download", key, readOutcomes, func() error { return s.w.source.DownloadObject(ctx, key, etag, to) })
}

func (s faultySource) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	return scheduleCall(ctx, s.process, "CreateUpload", key, writeOutcomes, func() (string, error) { return s.w.source.CreateUpload(detachContext(ctx), key, contentType) })
}

func (s faultySource) PresignPart(ctx context.Context, key, id string, n int, size int64, ttl time.Duration) (string, time.Time, error) {
	return s.w.source.PresignPart(ctx, key, id, n, size, ttl) // no call: it is arithmetic
}

func (s faultySource) AbortUpload(ctx context.Context, key, id string) error {
	return scheduleCallErr(ctx, s.process, "AbortUpload", key, writeOutcomes, func() error { return s.w.source.AbortUpload(detachContext(ctx), key, id) })
}

func (s faultySource) ListParts(ctx context.Context, key, id string) ([]video.Part, error) {
	return scheduleCall(ctx, s.process, "ListParts", key, readOutcomes, func() ([]video.Part, error) { return s.w.source.ListParts(ctx, key, id) })
}

// CompleteUpload makes the object, and S3 says so to inspect.
func (s faultySource) CompleteUpload(ctx context.Context, key, id string, parts []video.Part) (string, error) {
	return scheduleCall(ctx, s.process, "CompleteUpload", key, writeOutcomes, func() (string, error) {
		etag, err := s.w.source.CompleteUpload(detachContext(ctx), key, id, parts)
		if err == nil {
			s.w.sendS3Event(key)
		}
		return etag, err
	})
}

func (s faultySource) HeadObject(ctx context.Context, key string) (blob.Info, error) {
	return scheduleCall(ctx, s.process, "Head", key, readOutcomes, func() (blob.Info, error) { return s.w.source.HeadObject(ctx, key) })
}

func (s faultySource) DeletePrefix(ctx context.Context, prefix string) (int, error) {
	return scheduleCall(ctx, s.process, "Delete originals", prefix, writeOutcomes, func() (int, error) { return s.w.source.DeletePrefix(detachContext(ctx), prefix) })
}

// faultyQueues are SQS and SNS.
type faultyQueues struct{ *process }

func (q faultyQueues) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	to := path.Base(*in.QueueUrl)
	v := q.awaitOutcome("Send to "+to, *in.Entries[0].MessageBody, sendOutcomes)
	switch v {
	case callHangs:
		<-ctx.Done()
	case callVanishes:
		return &sqs.SendMessageBatchOutput{}, nil
	case callHalfAccepted:
		return q.sendHalf(ctx, in)
	case callArrivesLate:
		q.w.scheduleLateCall(func() { _, _ = q.w.sendBatch(in) }, "Send to "+to)
	case callPasses, callLosesAnswer, callDiesAfter:
		if out, err := q.w.sendBatch(in); v == callPasses {
			return out, err
		}
	case callRefused, callDies:
	}
	return nil, errConnectionReset
}

// sendHalf sends the first half of a batch; what remains is refused.
func (q faultyQueues) sendHalf(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	n := len(in.Entries) / 2
	out := &sqs.SendMessageBatchOutput{}
	if n > 0 {
		var err error
		if out, err = q.w.sendBatch(&sqs.SendMessageBatchInput{QueueUrl: in.QueueUrl, Entries: in.Entries[:n]}); err != nil {
			return nil, err
		}
	}
	for _, e := range in.Entries[n:] {
		out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Message: aws.String("internal error")})
	}
	return out, nil
}

// SendMessage files a dead letter.
func (q faultyQueues) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	out, err := scheduleCall(ctx, q.process, "Bury", "", writeOutcomes, func() (*sqs.SendMessageOutput, error) { return q.w.sqs.SendMessage(detachContext(ctx), in) })
	if err == nil {
		q.deadLettered[*in.MessageAttributes["message_id"].StringValue] = true
	}
	return out, err
}

func (q faultyQueues) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	return scheduleCall(ctx, q.process, "Hide", "", readOutcomes, func() (*sqs.ChangeMessageVisibilityOutput, error) {
		return q.w.sqs.ChangeMessageVisibility(ctx, in)
	})
}

func (q faultyQueues) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return scheduleCall(ctx, q.process, "Depth", *in.QueueUrl, readOutcomes, func() (*sqs.GetQueueAttributesOutput, error) {
		return q.w.sqs.GetQueueAttributes(ctx, in)
	})
}

func (q faultyQueues) Publish(ctx context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return scheduleCall(ctx, q.process, "Publish", "", writeOutcomes, func() (*sns.PublishOutput, error) { return &sns.PublishOutput{}, q.w.publishEvent(*in.Message) })
}

// faultyTools are ffmpeg and ffprobe: a process can die while they run.
type faultyTools struct{ *process }

func (t faultyTools) Run(ctx context.Context, r ffmpeg.Command) error {
	return scheduleCallErr(ctx, t.process, "Run ffmpeg", "", readOutcomes, func() error { return t.w.tools.Run(detachContext(ctx), r) })
}

func (t faultyTools) ProbeStreams(ctx context.Context, dir, file, container string) ([]byte, error) {
	return scheduleCall(ctx, t.process, "Run ffprobe", "", readOutcomes, func() ([]byte, error) { return t.w.tools.ProbeStreams(detachContext(ctx), dir, file, container) })
}

func (t faultyTools) ProbePackets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	return scheduleCall(ctx, t.process, "Run ffprobe", "", readOutcomes, func() ([]byte, error) { return t.w.tools.ProbePackets(detachContext(ctx), dir, file, container, from) })
}
