package trace

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func newMessage(attribute string) events.SQSMessage {
	m := events.SQSMessage{
		EventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:encode-inbox", MessageId: "m-1",
		Attributes: map[string]string{
			"SentTimestamp":           strconv.FormatInt(time.Now().Add(-time.Minute).UnixMilli(), 10),
			"ApproximateReceiveCount": "2",
		},
	}
	if attribute != "" {
		m.Attributes["AWSTraceHeader"] = attribute
	}
	return m
}

// The runtime's header, the message's attribute and the event's header decide what is recorded and what is sent on.
func TestMessageSpanContinuesTrace(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name                       string
		runtime, attribute, stored string
		trace                      string // of the document; "" if nothing may be sent; "new"
		parent                     string
		upstream                   string
		onward                     string // root sent on
	}{
		{"under Lambda's segment", runtimeHeader, headerA, "", runtimeRoot, "1111111111111111", rootA, runtimeRoot},
		{
			"under it, the event's header wins", runtimeHeader, headerB, headerA, runtimeRoot, "1111111111111111",
			rootA, runtimeRoot,
		},
		{"under it, no sender", runtimeHeader, "", "", runtimeRoot, "1111111111111111", "", runtimeRoot},
		{
			"under it, sender of the same trace", runtimeHeader,
			"Root=" + runtimeRoot + ";Parent=2222222222222222;Sampled=1", "", runtimeRoot, "1111111111111111", "",
			runtimeRoot,
		},
		{"under it, sender unsampled", runtimeHeader, headerB, "", "", "", "", rootB},
		{"Lambda unsampled", unsampled, headerA, "", "", "", "", runtimeRoot},
		{"no runtime header", "", headerA, "", rootA, "2222222222222222", "", rootA},
		{"no runtime header, the event's header wins", "", headerB, headerA, rootA, "2222222222222222", "", rootA},
		{"no runtime header, sender unsampled", "", headerB, "", "", "", "", rootB},
		{"no runtime header, sender undecided", "", "Root=" + rootA + ";Sampled=?", "", rootA, "", "", rootA},
		{"runtime header without a parent", "Root=" + runtimeRoot, headerA, "", rootA, "2222222222222222", "", rootA},
		{"no header", "", "", "", "new", "", "", "new"},
		{"outside an invocation", "none", headerA, "", rootA, "2222222222222222", "", rootA},
		{"malformed parent", "", "Root=" + rootA + ";Parent=<b>;Sampled=1;Lineage=9:x:9", "", rootA, "", "", rootA},
		{
			"malformed parent in the runtime header", "Root=" + runtimeRoot + ";Parent=<b>;Sampled=1", headerA, "",
			rootA, "2222222222222222", "", rootA,
		},
		{
			"junk in the event's header", "", headerA, "Root=x\r\nA: b;Parent=y;Sampled=1", rootA, "2222222222222222",
			"", rootA,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			ctx, s := StartMessageSpan(d.newContext(row.runtime), newMessage(row.attribute), row.stored)
			s.Annotate(VideoID, "vid_1")
			onward := header.FromString(HeaderFromContext(ctx))
			if row.onward == "new" {
				row.trace, row.onward = onward.TraceID, onward.TraceID
			}
			if !traceIDPattern.MatchString(onward.TraceID) || onward.TraceID != row.onward ||
				IDFromContext(ctx) != row.onward {
				t.Errorf("sends on %q, id %q, want root %s", onward, IDFromContext(ctx), row.onward)
			}
			if sampled := onward.SamplingDecision == header.Sampled; sampled != (row.trace != "") {
				t.Errorf("sends on %q", onward)
			}
			if want := map[bool]string{
				true: "1:aabbccdd:3",
			}[strings.Contains(row.runtime, "Lineage=1:")]; onward.AdditionalData["Lineage"] != want {
				t.Errorf("Lineage is %q, want %q", onward.AdditionalData["Lineage"], want)
			}
			s.End(nil)
			if row.trace == "" {
				if docs := d.readDocuments(); len(docs) != 0 {
					t.Errorf("sent %v", docs)
				}
				return
			}
			doc := d.readOne()
			if doc.TraceID != row.trace || doc.ParentID != row.parent || doc.Name != "encode" ||
				onward.ParentID != doc.ID {
				t.Errorf("document %+v, sends on %q", doc, onward)
			}
			checkMetadata(t, doc, row.upstream)
		})
	}
}

// The first root span of a process has cold_start, and so have its long steps, in case the function is killed.
func TestFirstSpanHasColdStart(t *testing.T) {
	d := startFakeDaemon(t)
	SetService("encode")
	for _, want := range []any{true, nil} {
		ctx, s := StartMessageSpan(d.newContext(""), newMessage(""), "")
		_, long := StartLongSpan(ctx, "ffmpeg")
		long.End(nil)
		s.End(nil)
		docs := d.readDocuments()
		if len(docs) != 3 { // the long step is sent twice
			t.Fatalf("%d documents", len(docs))
		}
		for _, doc := range docs {
			if doc.Annotations["cold_start"] != want || doc.Annotations["service"] != "encode" {
				t.Errorf("%s has %v", doc.Name, doc.Annotations)
			}
		}
	}
}

func checkMetadata(t *testing.T, doc document, upstream string) {
	t.Helper()
	got := doc.Metadata.Default
	if wait, _ := got["wait_ms"].(float64); wait < 60_000 || wait > 3_600_000 {
		t.Errorf("wait_ms is %v", got["wait_ms"])
	}
	delete(got, "wait_ms")
	want := map[string]any{"queue": "encode-inbox", "message": "m-1", "attempt": 2.0}
	if upstream != "" {
		want["upstream"] = upstream
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"service": "encode", "video_id": "vid_1"}, doc.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

// The messages of a batch belong to different traces, and keep them.
func TestMessagesOfOneBatchKeepTheirTraces(t *testing.T) {
	t.Parallel()
	d := startFakeDaemon(t)
	invocation := d.newContext(runtimeHeader)
	var sent []string
	for _, h := range []string{headerA, headerB, ""} {
		ctx, s := StartMessageSpan(invocation, newMessage(h), "")
		sent = append(sent, IDFromContext(ctx)+" "+string(header.FromString(HeaderFromContext(ctx)).SamplingDecision))
		s.End(nil)
	}
	want := []string{runtimeRoot + " Sampled=1", rootB + " Sampled=0", runtimeRoot + " Sampled=1"}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Error(diff)
	}
	if docs := d.readDocuments(); len(docs) != 2 || docs[0].ID == docs[1].ID {
		t.Errorf("%d documents", len(docs))
	}
}

func TestRequestHeaderNameIgnoresCase(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, runtime string
		headers       map[string]string
		trace         string
	}{
		{"as API Gateway sends it", "", map[string]string{"X-Amzn-Trace-Id": headerA}, rootA},
		{"lower case", "", map[string]string{"x-amzn-trace-id": headerA}, rootA},
		{"the runtime's has precedence", runtimeHeader, map[string]string{"X-Amzn-Trace-Id": headerA}, runtimeRoot},
		{"the runtime's alone", runtimeHeader, nil, runtimeRoot},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			ctx, s := StartRequestSpan(d.newContext(row.runtime), row.headers, true)
			s.End(nil)
			if doc := d.readOne(); doc.TraceID != row.trace || IDFromContext(ctx) != row.trace {
				t.Errorf("trace %s, sends on %s, want %s", doc.TraceID, IDFromContext(ctx), row.trace)
			}
		})
	}
}

// TestPromise11_ClientCannotPreventRecording sends the header of a client that wants no recording. On AWS, the gateway
// obeys it and tells Lambda; MiniStack passes it on in the event alone.
func TestPromise11_ClientCannotPreventRecording(t *testing.T) {
	t.Parallel()
	client := map[string]string{"x-amzn-trace-id": "Root=" + rootB + ";Sampled=0"}
	obeyed := "Root=" + rootB + ";Parent=1111111111111111;Sampled=0;Lineage=1:aabbccdd:3"
	for _, row := range []struct {
		name, runtime string
		changes       bool
		trace         string // of the document; "" if nothing may be sent
	}{
		{"a change, the gateway obeys", obeyed, true, rootB},
		{"a change, the gateway decides otherwise", runtimeHeader, true, runtimeRoot},
		{"a change, no decision of the gateway", "", true, rootB},
		{"a read, the gateway obeys", obeyed, false, ""},
		{"a read, the gateway decides otherwise", runtimeHeader, false, runtimeRoot},
		{"a read, no decision of the gateway", "", false, rootB},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := startFakeDaemon(t)
			ctx, s := StartRequestSpan(d.newContext(row.runtime), client, row.changes)
			onward := header.FromString(HeaderFromContext(ctx))
			s.End(nil)
			if recorded := onward.SamplingDecision == header.Sampled; recorded != (row.trace != "") {
				t.Errorf("sends on %q", onward)
			}
			if row.trace == "" {
				if docs := d.readDocuments(); len(docs) != 0 {
					t.Errorf("sent %v", docs)
				}
				return
			}
			if doc := d.readOne(); doc.TraceID != row.trace || onward.TraceID != row.trace ||
				onward.ParentID != doc.ID {
				t.Errorf("document %+v, sends on %q", doc, onward)
			}
		})
	}
}

// Whatever header a client sends, the header that is sent on is well-formed: otherwise every AWS call would fail.
func TestArbitraryHeaderStaysWellFormed(t *testing.T) {
	t.Parallel()
	d := startFakeDaemon(t)
	rapid.Check(t, func(t *rapid.T) {
		root := rapid.OneOf(rapid.Just(rootB), rapid.String()).Draw(t, "root")
		text := "Root=" + root + ";Parent=" + rapid.String().Draw(t, "parent") + ";Sampled=0;" +
			rapid.String().Draw(t, "rest")
		ctx, s := StartRequestSpan(d.newContext("none"), map[string]string{HeaderName: text}, false)
		defer s.End(nil)
		onward := header.FromString(HeaderFromContext(ctx))
		if !traceIDPattern.MatchString(onward.TraceID) || !segmentIDPattern.MatchString(onward.ParentID) ||
			len(onward.AdditionalData) > 0 {
			t.Fatalf("%q sends on %q", text, HeaderFromContext(ctx))
		}
	})
}

// When the SDK is disabled, or outside a root span, nothing is recorded and nothing panics; the AWS SDK's own header is
// unchanged.
func TestDisabledTracingIsSilent(t *testing.T) {
	rows := []struct {
		name, disabled, runtime string
		root                    bool
	}{
		{"disabled, with a runtime header", "true", runtimeHeader, true},
		{"disabled, without", "TRUE", "", true},
		{"outside a root span", "", "", false},
		{"outside an invocation", "", "none", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := startFakeDaemon(t)
			t.Setenv("AWS_XRAY_SDK_DISABLED", row.disabled)
			ctx, root := d.newContext(row.runtime), Span{}
			if row.root {
				ctx, root = StartMessageSpan(ctx, newMessage(headerA), headerA)
			}
			callEverything(t, ctx, root)
			t.Setenv("AWS_XRAY_SDK_DISABLED", "")
			if docs := d.readDocuments(); len(docs) != 0 {
				t.Errorf("sent %v", docs)
			}
		})
	}
}

func TestHeaderIsEmptyOutsideSpan(t *testing.T) {
	t.Parallel()
	if h, id := HeaderFromContext(t.Context()), IDFromContext(t.Context()); h != "" || id != "" {
		t.Errorf("header %q, id %q", h, id)
	}
}
