package trace

import (
	"fmt"
	"testing"

	"github.com/aws/aws-xray-sdk-go/v2/header"
)

const longVideoTasks = 1000

// countLinks fails if a header is not like the one in the event but for the trace that it links to, and returns how
// many messages each trace is linked to.
func countLinks(t *testing.T, links map[string]int, stored, got string) {
	t.Helper()
	want, h := header.FromString(stored), header.FromString(got)
	if !traceIDPattern.MatchString(h.TraceID) || !segmentIDPattern.MatchString(h.ParentID) ||
		h.SamplingDecision != header.Sampled || h.AdditionalData["Lineage"] != want.AdditionalData["Lineage"] {
		t.Fatalf("%q became %q", stored, got)
	}
	links[h.TraceID]++
}

// checkLinks fails if one trace has more links than X-Ray takes.
func checkLinks(t *testing.T, links map[string]int, messages int) {
	t.Helper()
	sum := 0
	for id, n := range links {
		if sum += n; n > maxSegmentLinks {
			t.Errorf("%d links to %s", n, id)
		}
	}
	if sum != messages {
		t.Errorf("%d messages, want %d", sum, messages)
	}
}

// One invocation requests all tasks of a film.
func TestLongVideoRequestedAtOnceStaysWithinXRaysLinks(t *testing.T) {
	t.Parallel()
	d, links := startFakeDaemon(t), map[string]int{}
	var l LinkLimiter
	ctx, root := StartMessageSpan(d.newContext(runtimeHeader), newMessage(headerA), "")
	defer root.End(nil)
	for range longVideoTasks {
		countLinks(t, links, HeaderFromContext(ctx), l.LimitLinks(ctx, ""))
	}
	checkLinks(t, links, longVideoTasks)
	if n := links[runtimeRoot]; n != maxSegmentLinks-MaxReceivedLinks {
		t.Errorf("%d messages are linked to their sender", n)
	}
}

// Each finished task of another video requests the film's next one: its events continue the trace of the film's upload.
func TestLongVideoRequestedTaskByTaskStaysWithinXRaysLinks(t *testing.T) {
	t.Parallel()
	d, links := startFakeDaemon(t), map[string]int{}
	var l LinkLimiter
	for i := range longVideoTasks / MaxReceivedLinks {
		runtime := fmt.Sprintf("Root=1-6a000000-%024x;Parent=1111111111111111;Sampled=1;Lineage=1:aabbccdd:3", i)
		for range MaxReceivedLinks {
			ctx, root := StartMessageSpan(d.newContext(runtime), newMessage(headerA), "")
			countLinks(t, links, headerA, l.LimitLinks(ctx, headerA))
			root.End(nil)
		}
	}
	checkLinks(t, links, longVideoTasks)
	if n := links[rootA]; n > 0 {
		t.Errorf("%d messages are linked to the upload, whose invocation did not send them", n)
	}
}

// A sampled video's event is sent by an invocation that is not sampled itself.
func TestMessagesOfAnUnsampledSenderLinkToNoneOfItsTraces(t *testing.T) {
	t.Parallel()
	links := map[string]int{}
	var l LinkLimiter
	ctx, root := StartMessageSpan(startFakeDaemon(t).newContext(unsampled), newMessage(headerB), "")
	defer root.End(nil)
	for range longVideoTasks {
		countLinks(t, links, headerA, l.LimitLinks(ctx, headerA))
	}
	checkLinks(t, links, longVideoTasks)
	if links[runtimeRoot]+links[rootA]+links[rootB] > 0 {
		t.Errorf("links %v", links)
	}
}

func TestHeadersThatMakeNoLinkStayAsTheyAre(t *testing.T) {
	t.Parallel()
	var l LinkLimiter
	ctx, root := StartMessageSpan(startFakeDaemon(t).newContext(runtimeHeader), newMessage(headerA), "")
	defer root.End(nil)
	for name, stored := range map[string]string{
		"not sampled": headerB, "undecided": "Root=" + rootA + ";Sampled=?", "malformed": "Root=x;Sampled=1",
	} {
		if got := l.LimitLinks(ctx, stored); got != stored {
			t.Errorf("%s: %q became %q", name, stored, got)
		}
	}
	if got := l.LimitLinks(t.Context(), headerA); got != headerA {
		t.Errorf("outside a root span: %q", got)
	}
	if got := l.LimitLinks(t.Context(), ""); got != "" {
		t.Errorf("outside a root span, without a header: %q", got)
	}
}
