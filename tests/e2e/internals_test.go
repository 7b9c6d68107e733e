//go:build integration

package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/oklog/ulid/v2"

	"sluice/events"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

type sqsAttribute = types.QueueAttributeName

// createVideo creates the row of a video as the API does, without an upload.
func (d deployment) createVideo(t *testing.T, tenant string) video.Video {
	t.Helper()
	id := ulid.Make().String()
	public, err := playback.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v := video.Video{
		Tenant: tenant, ID: "vid_" + id, Playback: public, Details: video.Details{Title: t.Name()},
		State: video.Waiting, Version: 1,
		Times: video.Times{Created: time.Now().UTC()},
	}
	v.Source.Key = services.OriginalKey(tenant, v.ID)
	if err := d.newStore(t).CreateVideo(
		t.Context(), v, video.Upload{Tenant: tenant, ID: "upl_" + id, Video: v.ID, Size: 1, PartSize: 1},
	); err != nil {
		t.Fatal(err)
	}
	return v
}

// putOriginal writes an original into the source bucket.
func (d deployment) putOriginal(t *testing.T, key string, body []byte) {
	t.Helper()
	if err := blob.NewBucket(blob.NewClient(d.aws, true), d.stackOutput(t, "SourceBucket")).PutObject(
		t.Context(), key, bytes.NewReader(body), blob.Metadata{},
	); err != nil {
		t.Fatal(err)
	}
}

// waitUntilFinal waits until the row is in a final state.
func (d deployment) waitUntilFinal(t *testing.T, v *video.Video) {
	t.Helper()
	for end := time.Now().Add(waitLimit); !v.State.IsFinal(); <-time.After(100 * time.Millisecond) {
		now, err := d.newStore(t).LoadVideo(t.Context(), v.Tenant, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if *v = now; time.Now().After(end) {
			t.Fatalf("still %s after %v", v.State, waitLimit)
		}
	}
}

// readMediaObject returns a published object.
func (d deployment) readMediaObject(t *testing.T, id, name string) []byte {
	t.Helper()
	body, _, err := blob.NewBucket(blob.NewClient(d.aws, true), d.stackOutput(t, "MediaBucket")).GetObject(
		t.Context(), playback.ObjectPrefix(id)+name,
	)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sendS3Event sends S3's event of a video's original again.
func (d deployment) sendS3Event(t *testing.T, v video.Video) {
	t.Helper()
	body := fmt.Sprintf(
		`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:CompleteMultipartUpload","eventTime":%q,"s3":{"bucket":{"name":%q},"object":{"key":%q,"size":%d,"eTag":%q}}}]}`,
		v.Times.Uploaded.Format(time.RFC3339), d.stackOutput(t, "SourceBucket"), v.Source.Key, v.Source.Size,
		strings.Trim(v.Source.ETag, `"`),
	)
	d.sendMessage(t, "InboxInspect", body)
}

// sendEvent sends an event to the queue with a stack output.
func (d deployment) sendEvent(t *testing.T, inbox string, e events.Event) {
	t.Helper()
	b, err := events.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	d.sendMessage(t, inbox, string(b))
}

func (d deployment) sendMessage(t *testing.T, inbox, body string) {
	t.Helper()
	if _, err := d.sqsClient().SendMessage(
		t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(d.stackOutput(t, inbox)), MessageBody: &body},
	); err != nil {
		t.Fatal(err)
	}
}

// onlyETags drops the times of the objects.
func onlyETags(objects map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range objects {
		out[k], _, _ = strings.Cut(v, " ")
	}
	return out
}
