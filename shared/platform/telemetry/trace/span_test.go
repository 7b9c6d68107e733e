package trace

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
)

const secret = "0123456789abcdef-signature"

// signedURLError is an error of an HTTP client, with a signed URL in its text.
var signedURLError = &url.Error{
	Op: "Get", URL: "https://bucket/key?X-Amz-Signature=" + secret, Err: errors.New("dial " + secret),
}

// callEverything calls all methods of a span and of spans in it.
func callEverything(t *testing.T, ctx context.Context, s Span) {
	t.Helper()
	steps, call := newTestCall(t, 200)
	_, long := StartLongSpan(ctx, "ffmpeg")
	_, sub := StartSpan(ctx, "step")
	if err := steps(ctx); err != nil {
		t.Error(err)
	}
	if h := call.readHeader(); h != "" {
		t.Errorf("sent the header %q", h)
	}
	for _, s := range []Span{sub, long, s, {}} {
		s.Annotate(VideoID, "vid_1")
		s.SetMetadata("frames", 1)
		s.SetHTTPStatus(500)
		s.End(signedURLError)
	}
}

func TestEndRecordsErrorOrFault(t *testing.T) {
	t.Parallel()
	refused := errs.New("media.Check", errs.Invalid, "container_unsupported", "Send MP4. "+secret)
	rows := []struct {
		name         string
		err          error
		fault, error bool
		typ, code    string
	}{
		{"success", nil, false, false, "", ""},
		{"signed URL", signedURLError, true, false, "*errors.errorString", ""},
		{
			"wrapped", errs.E("blob.GetObject", errs.Transient, fmt.Errorf("get: %w", signedURLError)), true, false,
			"*errors.errorString", "",
		},
		{"rejection", refused, false, true, "*errs.Error", "container_unsupported"},
		{
			"rejection, wrapped", fmt.Errorf("%s: %w", secret, refused), false, true, "*errs.Error",
			"container_unsupported",
		},
		{
			"not found", errs.E("store.LoadVideo", errs.NotFound, errors.New(secret)), false, true,
			"*errors.errorString", "",
		},
		{"internal", errs.New("x", errs.Internal, "broken", ""), true, false, "*errs.Error", "broken"},
		{"deadline", context.DeadlineExceeded, true, false, "context.deadlineExceededError", ""},
		{"joined", errors.Join(signedURLError, refused), false, true, "*errors.joinError", "container_unsupported"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			ctx, root := StartMessageSpan(d.newContext(runtimeHeader), newMessage(headerA), "")
			_, sub := StartSpan(ctx, "step")
			sub.End(row.err)
			root.End(row.err)
			doc := d.readOne()
			checkNoSecrets(t, d)
			for _, got := range append(doc.Subsegments, doc) {
				if got.Fault != row.fault || got.Error != row.error {
					t.Errorf("%s: fault %v, error %v", got.Name, got.Fault, got.Error)
				}
				if row.err == nil {
					continue
				}
				if len(got.Cause.Exceptions) != 1 || got.Cause.Exceptions[0].Type != row.typ ||
					got.Cause.Exceptions[0].Message != row.code {
					t.Errorf("%s: cause %+v, want %s %q", got.Name, got.Cause, row.typ, row.code)
				}
			}
			if got, _ := doc.Annotations["code"].(string); got != row.code {
				t.Errorf("annotation code is %q, want %q", got, row.code)
			}
			if len(doc.Subsegments) != 1 || doc.Subsegments[0].Annotations != nil {
				t.Errorf("steps %+v, want one without annotations", doc.Subsegments)
			}
		})
	}
}

// checkNoSecrets fails if something was recorded that must not be.
func checkNoSecrets(t *testing.T, d *fakeDaemon) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{secret, "X-Amz-Signature", dir, "working_directory", `"stack"`} {
		if strings.Contains(d.received.String(), bad) {
			t.Errorf("a document has %s: %s", bad, d.received.String())
		}
	}
}

func TestHTTPStatusSetsErrorOrFault(t *testing.T) {
	t.Parallel()
	rows := []struct {
		status                 int
		error, throttle, fault bool
	}{
		{200, false, false, false}, {304, false, false, false}, {400, true, false, false}, {404, true, false, false},
		{429, true, true, false}, {499, true, false, false}, {500, false, false, true}, {503, false, false, true},
	}
	for _, row := range rows {
		t.Run(fmt.Sprint(row.status), func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			_, s := StartRequestSpan(d.newContext(runtimeHeader), nil, false)
			s.SetHTTPStatus(row.status)
			s.End(nil)
			if doc := d.readOne(); doc.Error != row.error || doc.Throttle != row.throttle || doc.Fault != row.fault {
				t.Errorf("error %v, throttle %v, fault %v", doc.Error, doc.Throttle, doc.Fault)
			}
		})
	}
}

func TestMetadataTakesPlainValuesOnly(t *testing.T) {
	t.Parallel()
	d := startFakeDaemon(t)
	_, s := StartRequestSpan(d.newContext(""), nil, false)
	for key, v := range map[string]any{
		"rung": "720p", "chunk": 3, "bytes": int64(1) << 40, "first": true, "text": strings.Repeat("x", 70_000),
		"error": signedURLError, "url": url.URL{RawQuery: secret}, "map": map[string]string{"k": secret},
		"ptr": new(string), "nil": nil,
	} {
		s.SetMetadata(key, v)
	}
	s.Annotate(Tenant, strings.Repeat("y", 70_000))
	s.Annotate(Code, "")
	s.End(nil)
	doc := d.readOne()
	want := map[string]any{
		"rung": "720p", "chunk": 3.0, "bytes": float64(1 << 40), "first": true,
		"text": strings.Repeat("x", maxTextBytes),
	}
	if diff := cmp.Diff(want, doc.Metadata.Default); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(
		map[string]any{"service": "encode", "tenant": strings.Repeat("y", maxTextBytes)}, doc.Annotations,
	); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	checkNoSecrets(t, d)
}

// A function that is killed during a long step has sent its annotations before.
func TestLongSpanIsSentAtStartAndEnd(t *testing.T) {
	t.Parallel()
	for name, runtime := range map[string]string{"under Lambda's segment": runtimeHeader, "in one of ours": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			ctx, root := StartMessageSpan(d.newContext(runtime), newMessage(headerA), "")
			root.Annotate(VideoID, "vid_1")
			ctx, sub := StartSpan(ctx, "encode")
			_, long := StartLongSpan(ctx, "ffmpeg")
			begun := d.readOne()
			if !begun.InProgress || begun.Type != "subsegment" || begun.ParentID != sub.seg.ID ||
				begun.Annotations["video_id"] != "vid_1" || begun.Metadata.Default["attempt"] != 2.0 {
				t.Errorf("at its start %+v", begun)
			}
			long.SetMetadata("frames", 250)
			long.End(nil)
			ended := d.readOne()
			if ended.InProgress || ended.ID != begun.ID || ended.ParentID != begun.ParentID ||
				ended.TraceID != begun.TraceID || ended.Metadata.Default["frames"] != 250.0 {
				t.Errorf("at its end %+v", ended)
			}
			sub.End(nil)
			root.End(nil)
			if doc := d.readOne(); doc.Name != "encode" || len(doc.Subsegments) != 1 ||
				len(doc.Subsegments[0].Subsegments) != 0 {
				t.Errorf("the root span %+v", doc)
			}
		})
	}
}

// The span of a context that has ended is sent too.
func TestSpanIsSentAfterContextEnds(t *testing.T) {
	t.Parallel()
	d := startFakeDaemon(t)
	ctx, cancel := context.WithTimeout(d.newContext(""), time.Nanosecond)
	defer cancel()
	ctx, s := StartMessageSpan(ctx, newMessage(headerA), "")
	<-ctx.Done()
	s.End(ctx.Err())
	if doc := d.readOne(); !doc.Fault || doc.TraceID != rootA {
		t.Errorf("document %+v", doc)
	}
}
