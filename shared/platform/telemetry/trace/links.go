package trace

import (
	"context"
	"sync"

	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

const (
	// maxSegmentLinks is how many traces X-Ray links to a segment; to a whole trace it links 100
	// (https://docs.aws.amazon.com/xray/latest/devguide/xray-tracelinking.html).
	maxSegmentLinks = 20
	// MaxReceivedLinks is how many of them are left for the senders of the messages that an invocation receives: the
	// batch size of a queue must not be larger.
	MaxReceivedLinks = 10
)

// LinkLimiter limits how many traces Lambda links to one. Lambda links the trace of each invocation to the trace in the
// attribute AWSTraceHeader of its messages. A sender of many messages, such as the invocation that requests the tasks
// of a film, would have more links than X-Ray takes, and its trace could exceed the size of one. The limiter counts the
// messages of the sender's trace, which are those of an invocation, and gives the messages beyond the limit to traces
// without segments. Nothing else depends on the attribute: the trace header in the event remains the sender's, and
// videos are found by the annotation video_id.
//
// The zero value is ready to use, also by several goroutines.
type LinkLimiter struct {
	mu     sync.Mutex
	sender string // trace id of the sender whose messages are counted
	linked string // trace id for the next messages: the sender's, or one without segments
	count  int    // links of the trace linked
}

// LimitLinks returns the trace header for the attribute of a message that is sent in ctx, whose event has the header
// stored; "" stands for the header of ctx. The sampling decision and the Lineage are those of stored. A header that is
// not sampled is returned as it is, because it makes no link; so is a malformed one, and any outside a root span.
func (l *LinkLimiter) LimitLinks(ctx context.Context, stored string) string {
	if stored == "" {
		stored = HeaderFromContext(ctx)
	}
	sender, h := downstreamHeader(ctx), parseHeader(stored)
	if sender == nil || h.TraceID == "" || h.SamplingDecision != header.Sampled {
		return stored
	}
	if h.TraceID = l.nextTrace(sender); h.TraceID == sender.TraceID {
		h.ParentID = sender.ParentID
	}
	return h.String()
}

// nextTrace counts a message of a sender and returns the id of the trace to link it to.
func (l *LinkLimiter) nextTrace(sender *header.Header) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sender != sender.TraceID {
		l.sender, l.linked, l.count = sender.TraceID, sender.TraceID, MaxReceivedLinks
		if sender.SamplingDecision != header.Sampled { // it has no segment to link to
			l.count = maxSegmentLinks
		}
	}
	if l.count == maxSegmentLinks {
		l.linked, l.count = xray.NewTraceID(), 0
	}
	l.count++
	return l.linked
}
