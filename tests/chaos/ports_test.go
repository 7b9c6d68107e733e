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

// rows are the table as a process sees it.
type rows struct{ *process }

func (r rows) PutTenant(context.Context, video.Tenant) error { return errors.ErrUnsupported }
func (r rows) Tenant(context.Context, string) (video.Tenant, error) {
	return video.Tenant{}, errors.ErrUnsupported
}
func (r rows) PutToken(context.Context, video.Token) error { return errors.ErrUnsupported }

func (r rows) Create(ctx context.Context, v video.Video, u video.Upload) error {
	return tell(ctx, r.process, "Create", v.ID, writes, func() error { return r.w.rows.Create(apart(ctx), v, u) })
}

func (r rows) CreateOnce(ctx context.Context, v video.Video, u video.Upload, c video.Claim) error {
	return tell(ctx, r.process, "CreateOnce", v.ID, writes, func() error { return r.w.rows.CreateOnce(apart(ctx), v, u, c) })
}

func (r rows) Upload(ctx context.Context, tenant, id string) (video.Upload, error) {
	return ask(ctx, r.process, "Upload", id, reads, func() (video.Upload, error) { return r.w.rows.Upload(ctx, tenant, id) })
}

func (r rows) Video(ctx context.Context, tenant, id string) (video.Video, error) {
	return ask(ctx, r.process, "Video", id, reads, func() (video.Video, error) { return r.w.rows.Video(ctx, tenant, id) })
}

func (r rows) Save(ctx context.Context, v video.Video, why video.Entry) error {
	return tell(ctx, r.process, "Save", string(v.State), writes, func() error { return r.w.save(apart(ctx), v, why) })
}

func (r rows) Finish(ctx context.Context, tenant, id string, d video.TaskDone) (map[int]bool, error) {
	return ask(ctx, r.process, "Finish", id, writes, func() (map[int]bool, error) { return r.w.rows.Finish(apart(ctx), tenant, id, d) })
}

func (r rows) Forget(ctx context.Context, tenant, id string) error {
	return tell(ctx, r.process, "Forget", id, writes, func() error { return r.w.rows.Forget(apart(ctx), tenant, id) })
}

func (r rows) Due(ctx context.Context, now time.Time, limit int) ([]video.Ref, error) {
	return ask(ctx, r.process, "Due", "", reads, func() ([]video.Ref, error) { return r.w.rows.Due(ctx, now, limit) })
}

func (r rows) Claim(ctx context.Context, c video.Claim, now time.Time) (video.Claim, error) {
	return ask(ctx, r.process, "Claim", c.Key, writes, func() (video.Claim, error) { return r.w.rows.Claim(apart(ctx), c, now) })
}

func (r rows) Settle(ctx context.Context, c video.Claim) error {
	return tell(ctx, r.process, "Settle", c.Key, writes, func() error { return r.w.rows.Settle(apart(ctx), c) })
}

func (r rows) Results(ctx context.Context, tenant, id string) ([]video.Result, error) {
	return ask(ctx, r.process, "Results", id, reads, func() ([]video.Result, error) { return r.w.rows.Results(ctx, tenant, id) })
}

func (r rows) Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error) {
	return ask(ctx, r.process, "Window", tenant, reads, func() (video.Window, error) { return r.w.rows.Window(ctx, tenant, lane) })
}

func (r rows) SaveWindow(ctx context.Context, w video.Window) error {
	return tell(ctx, r.process, "SaveWindow", w.Tenant, writes, func() error { return r.w.saveWindow(apart(ctx), w) })
}

func (r rows) Wait(ctx context.Context, tenant string, lane video.Lane, t video.Turn) error {
	return tell(ctx, r.process, "Wait", t.Video, writes, func() error { return r.w.rows.Wait(apart(ctx), tenant, lane, t) })
}

func (r rows) Waiting(ctx context.Context, tenant string, lane video.Lane, after video.Turn, limit int) ([]video.Turn, error) {
	return ask(ctx, r.process, "Waiting", tenant, reads, func() ([]video.Turn, error) { return r.w.rows.Waiting(ctx, tenant, lane, after, limit) })
}

func (r rows) Leave(ctx context.Context, tenant string, lane video.Lane, turns ...video.Turn) error {
	return tell(ctx, r.process, "Leave", tenant, writes, func() error { return r.w.rows.Leave(apart(ctx), tenant, lane, turns...) })
}

// objects are those of the bucket of what is published.
type objects struct{ *process }

func (m objects) Put(ctx context.Context, key string, body io.ReadSeeker, meta blob.Meta) error {
	return tell(ctx, m.process, "Put a segment", key, writes, func() error { return m.w.put(apart(ctx), key, body, meta) })
}

func (m objects) Get(ctx context.Context, key string) (io.ReadCloser, blob.Info, error) {
	var info blob.Info
	body, err := ask(ctx, m.process, "Get "+path.Base(key), key, reads, func() (body io.ReadCloser, err error) {
		body, info, err = m.w.media.Get(ctx, key)
		return body, err
	})
	return body, info, err
}

func (m objects) Replace(ctx context.Context, key, etag string, body io.ReadSeeker, meta blob.Meta) error {
	return tell(ctx, m.process, "Replace "+path.Base(key), key, writes, func() error { return m.w.replace(apart(ctx), key, etag, body, meta) })
}

func (m objects) DeleteAll(ctx context.Context, prefix string) (int, error) {
	return ask(ctx, m.process, "Delete media", prefix, writes, func() (int, error) { return m.w.media.DeleteAll(apart(ctx), prefix) })
}

// source is the bucket of originals.
type source struct{ *process }

func (s source) Download(ctx context.Context, key, etag string, to io.Writer) error {
	return tell(ctx, s.process, "Download", key, reads, func() error { return s.w.source.Download(ctx, key, etag, to) })
}

func (s source) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	return ask(ctx, s.process, "CreateUpload", key, writes, func() (string, error) { return s.w.source.CreateUpload(apart(ctx), key, contentType) })
}

func (s source) SignPart(ctx context.Context, key, id string, n int, size int64, ttl time.Duration) (string, time.Time, error) {
	return s.w.source.SignPart(ctx, key, id, n, size, ttl) // no call: it is arithmetic
}

func (s source) AbortUpload(ctx context.Context, key, id string) error {
	return tell(ctx, s.process, "AbortUpload", key, writes, func() error { return s.w.source.AbortUpload(apart(ctx), key, id) })
}

func (s source) ListParts(ctx context.Context, key, id string) ([]video.Part, error) {
	return ask(ctx, s.process, "ListParts", key, reads, func() ([]video.Part, error) { return s.w.source.ListParts(ctx, key, id) })
}

// CompleteUpload makes the object, and S3 says so to inspect.
func (s source) CompleteUpload(ctx context.Context, key, id string, parts []video.Part) (string, error) {
	return ask(ctx, s.process, "CompleteUpload", key, writes, func() (string, error) {
		etag, err := s.w.source.CompleteUpload(apart(ctx), key, id, parts)
		if err == nil {
			s.w.announce(key)
		}
		return etag, err
	})
}

func (s source) Head(ctx context.Context, key string) (blob.Info, error) {
	return ask(ctx, s.process, "Head", key, reads, func() (blob.Info, error) { return s.w.source.Head(ctx, key) })
}

func (s source) DeleteAll(ctx context.Context, prefix string) (int, error) {
	return ask(ctx, s.process, "Delete originals", prefix, writes, func() (int, error) { return s.w.source.DeleteAll(apart(ctx), prefix) })
}

// queues are SQS and SNS.
type queues struct{ *process }

func (q queues) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	to := path.Base(*in.QueueUrl)
	v := q.wait("Send to "+to, *in.Entries[0].MessageBody, sends)
	switch v {
	case hang:
		<-ctx.Done()
	case vanish:
		return &sqs.SendMessageBatchOutput{}, nil
	case halve:
		return q.half(ctx, in)
	case late:
		q.w.later(func() { _, _ = q.w.send(in) }, "Send to "+to)
	case pass, lose, dieAfter:
		if out, err := q.w.send(in); v == pass {
			return out, err
		}
	case refuse, die:
	}
	return nil, errDown
}

// half sends the first half of a batch; what remains is refused.
func (q queues) half(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	n := len(in.Entries) / 2
	out := &sqs.SendMessageBatchOutput{}
	if n > 0 {
		var err error
		if out, err = q.w.send(&sqs.SendMessageBatchInput{QueueUrl: in.QueueUrl, Entries: in.Entries[:n]}); err != nil {
			return nil, err
		}
	}
	for _, e := range in.Entries[n:] {
		out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Message: aws.String("internal error")})
	}
	return out, nil
}

// SendMessage files a dead letter.
func (q queues) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	out, err := ask(ctx, q.process, "Bury", "", writes, func() (*sqs.SendMessageOutput, error) { return q.w.sqs.SendMessage(apart(ctx), in) })
	if err == nil {
		q.buried[*in.MessageAttributes["message_id"].StringValue] = true
	}
	return out, err
}

func (q queues) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	return ask(ctx, q.process, "Hide", "", reads, func() (*sqs.ChangeMessageVisibilityOutput, error) {
		return q.w.sqs.ChangeMessageVisibility(ctx, in)
	})
}

func (q queues) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return ask(ctx, q.process, "Depth", *in.QueueUrl, reads, func() (*sqs.GetQueueAttributesOutput, error) {
		return q.w.sqs.GetQueueAttributes(ctx, in)
	})
}

func (q queues) Publish(ctx context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return ask(ctx, q.process, "Publish", "", writes, func() (*sns.PublishOutput, error) { return &sns.PublishOutput{}, q.w.tell(*in.Message) })
}

// tools are ffmpeg and ffprobe: a process can die while they run.
type tools struct{ *process }

func (t tools) Run(ctx context.Context, r ffmpeg.Run) error {
	return tell(ctx, t.process, "Run ffmpeg", "", reads, func() error { return t.w.tools.Run(apart(ctx), r) })
}

func (t tools) Probe(ctx context.Context, dir, file, container string) ([]byte, error) {
	return ask(ctx, t.process, "Run ffprobe", "", reads, func() ([]byte, error) { return t.w.tools.Probe(apart(ctx), dir, file, container) })
}

func (t tools) Packets(ctx context.Context, dir, file, container string, from float64) ([]byte, error) {
	return ask(ctx, t.process, "Run ffprobe", "", reads, func() ([]byte, error) { return t.w.tools.Packets(apart(ctx), dir, file, container, from) })
}
