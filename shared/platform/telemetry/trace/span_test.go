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

// signed is the error of an HTTP client that used a signed URL.
var signed = &url.Error{Op: "Get", URL: "https://bucket/key?X-Amz-Signature=" + secret, Err: errors.New("dial " + secret)}

// exercise calls everything on a span, and below it, that a handler may call.
func exercise(t *testing.T, ctx context.Context, s Span) {
	t.Helper()
	steps, call := calls(t, 200)
	_, long := Long(ctx, "ffmpeg")
	_, sub := Sub(ctx, "step")
	if err := steps(ctx); err != nil {
		t.Error(err)
	}
	if h := call.header(); h != "" {
		t.Errorf("sent the header %q", h)
	}
	for _, s := range []Span{sub, long, s, {}} {
		s.Note(VideoID, "vid_1")
		s.Detail("frames", 1)
		s.Status(500)
		s.End(signed)
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	refused := errs.Refuse("media.Check", errs.Invalid, "container_unsupported", "Send MP4. "+secret)
	rows := []struct {
		name         string
		err          error
		fault, error bool
		typ, code    string
	}{
		{"success", nil, false, false, "", ""},
		{"signed URL", signed, true, false, "*errors.errorString", ""},
		{"wrapped", errs.E("blob.Get", errs.Transient, fmt.Errorf("get: %w", signed)), true, false, "*errors.errorString", ""},
		{"refusal", refused, false, true, "*errs.Error", "container_unsupported"},
		{"refusal, wrapped", fmt.Errorf("%s: %w", secret, refused), false, true, "*errs.Error", "container_unsupported"},
		{"not found", errs.E("store.Load", errs.NotFound, errors.New(secret)), false, true, "*errors.errorString", ""},
		{"internal", errs.Refuse("x", errs.Internal, "broken", ""), true, false, "*errs.Error", "broken"},
		{"deadline", context.DeadlineExceeded, true, false, "context.deadlineExceededError", ""},
		{"joined", errors.Join(signed, refused), false, true, "*errors.joinError", "container_unsupported"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := listen(t)
			ctx, hop := Message(d.ctx(runtimeHeader), message(headerA), "")
			_, sub := Sub(ctx, "step")
			sub.End(row.err)
			hop.End(row.err)
			doc := d.one()
			checkClean(t, d)
			for _, got := range append(doc.Subsegments, doc) {
				if got.Fault != row.fault || got.Error != row.error {
					t.Errorf("%s: fault %v, error %v", got.Name, got.Fault, got.Error)
				}
				if row.err == nil {
					continue
				}
				if len(got.Cause.Exceptions) != 1 || got.Cause.Exceptions[0].Type != row.typ || got.Cause.Exceptions[0].Message != row.code {
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

// checkClean looks for what must never be recorded.
func checkClean(t *testing.T, d *daemon) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{secret, "X-Amz-Signature", dir, "working_directory", `"stack"`} {
		if strings.Contains(d.raw.String(), bad) {
			t.Errorf("a document has %s: %s", bad, d.raw.String())
		}
	}
}

func TestStatus(t *testing.T) {
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
			d := listen(t)
			_, s := Request(d.ctx(runtimeHeader), nil)
			s.Status(row.status)
			s.End(nil)
			if doc := d.one(); doc.Error != row.error || doc.Throttle != row.throttle || doc.Fault != row.fault {
				t.Errorf("error %v, throttle %v, fault %v", doc.Error, doc.Throttle, doc.Fault)
			}
		})
	}
}

func TestDetailTakesPlainValuesOnly(t *testing.T) {
	t.Parallel()
	d := listen(t)
	_, s := Request(d.ctx(""), nil)
	for key, v := range map[string]any{
		"rung": "720p", "chunk": 3, "bytes": int64(1) << 40, "first": true, "text": strings.Repeat("x", 70_000),
		"error": signed, "url": url.URL{RawQuery: secret}, "map": map[string]string{"k": secret}, "ptr": new(string), "nil": nil,
	} {
		s.Detail(key, v)
	}
	s.Note(Tenant, strings.Repeat("y", 70_000))
	s.Note(Code, "")
	s.End(nil)
	doc := d.one()
	want := map[string]any{"rung": "720p", "chunk": 3.0, "bytes": float64(1 << 40), "first": true, "text": strings.Repeat("x", maxText)}
	if diff := cmp.Diff(want, doc.Metadata.Default); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"service": "encode", "tenant": strings.Repeat("y", maxText)}, doc.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	checkClean(t, d)
}

// A function that is killed during a long step has sent whose step it was.
func TestLongIsSeenWhileItRuns(t *testing.T) {
	t.Parallel()
	for name, runtime := range map[string]string{"under Lambda's segment": runtimeHeader, "in one of ours": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := listen(t)
			ctx, hop := Message(d.ctx(runtime), message(headerA), "")
			hop.Note(VideoID, "vid_1")
			ctx, sub := Sub(ctx, "encode")
			_, long := Long(ctx, "ffmpeg")
			begun := d.one()
			if !begun.InProgress || begun.Type != "subsegment" || begun.ParentID != sub.seg.ID || begun.Annotations["video_id"] != "vid_1" || begun.Metadata.Default["attempt"] != 2.0 {
				t.Errorf("at its start %+v", begun)
			}
			long.Detail("frames", 250)
			long.End(nil)
			ended := d.one()
			if ended.InProgress || ended.ID != begun.ID || ended.ParentID != begun.ParentID || ended.TraceID != begun.TraceID || ended.Metadata.Default["frames"] != 250.0 {
				t.Errorf("at its end %+v", ended)
			}
			sub.End(nil)
			hop.End(nil)
			if doc := d.one(); doc.Name != "encode" || len(doc.Subsegments) != 1 || len(doc.Subsegments[0].Subsegments) != 0 {
				t.Errorf("the hop %+v", doc)
			}
		})
	}
}

// A deadline that passes ends the context, and the hop must arrive even so.
func TestEndAfterTheContext(t *testing.T) {
	t.Parallel()
	d := listen(t)
	ctx, cancel := context.WithTimeout(d.ctx(""), time.Nanosecond)
	defer cancel()
	ctx, s := Message(ctx, message(headerA), "")
	<-ctx.Done()
	s.End(ctx.Err())
	if doc := d.one(); !doc.Fault || doc.TraceID != rootA {
		t.Errorf("document %+v", doc)
	}
}
