// Package trace records spans of what a function does in AWS X-Ray, and passes the trace on to what it calls. It is the
// only package that uses aws-xray-sdk-go/v2. It needs xray:PutTraceSegments, which active tracing grants to a function.
//
// A root span covers the handling of one request or of one message; the spans in it are its steps. It continues the
// trace of the sender, unless the Lambda runtime has a trace:
//
//	the runtime's header   Lambda has opened a segment (on AWS, with active tracing): the root span is a subsegment of
//	                       it, and the sender's trace id is in the metadata "upstream".
//	the sender's header    without a segment of Lambda (a local cloud, tracing off): the root span is a segment of the
//	                       sender's trace.
//	neither                the root span is a segment of a new trace.
//
// Whether a video is traced is decided once, by the API, and only passed on: if the sender's trace is not sampled,
// nothing is recorded, and the next receiver is told so. The runtime's Lineage is passed on with everything that is
// sent, because Lambda ends endless loops by it
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
//
// X-Ray searches by the annotations service, video_id, tenant, code and cold_start; everything else is metadata. A root
// span is the one segment that is named like its service: package traceview finds it by that. Never recorded are texts
// of errors (they may contain signed URLs), URLs other than those of queues, bodies, headers, object keys, stacks and
// the working directory. Of an error its Go type and Sluice's error code are recorded.
//
// Documents are sent by UDP to AWS_XRAY_DAEMON_ADDRESS (127.0.0.1:2000 if unset), and lost without consequence if
// nothing listens there. If that variable is malformed the X-Ray SDK panics before main. AWS_XRAY_SDK_DISABLED=true
// disables this package. AWS_XRAY_TRACING_NAME must not be set: it renames every segment.
package trace

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-xray-sdk-go/v2/header"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
)

// HeaderName is the HTTP header that carries a trace; the attribute of an SQS message is AWSTraceHeader.
const HeaderName = xray.TraceIDHeaderKey

// serviceName is the name of root spans; coldStart is true until the first one. Only SetService writes serviceName.
var (
	serviceName = "sluice"
	coldStart   atomic.Bool
)

// SetService sets the name of this process's root spans and disables the SDK's own log. It must be called once, first
// in main.
func SetService(name string) {
	serviceName = name
	coldStart.Store(true)
	xray.SetLogger(xraylog.NullLogger)
}

// StartRequestSpan starts the root span of an HTTP request. The names of the headers may be in any case. A request that
// changes something is always recorded. For others the gateway's decision counts, which Lambda passes on in ctx; that
// of the client, whose header is among the headers, counts for none.
func StartRequestSpan(ctx context.Context, headers map[string]string, changes bool) (context.Context, Span) {
	up := &header.Header{}
	for name, value := range headers {
		if strings.EqualFold(name, HeaderName) {
			up = parseHeader(value)
		}
	}
	text, _ := ctx.Value(xray.LambdaTraceHeaderKey).(string)
	gateway := parseHeader(text)
	if up.SamplingDecision = gateway.SamplingDecision; changes && gateway.SamplingDecision == header.NotSampled {
		// The gateway obeys a client that wants no recording. A segment of our own is recorded nevertheless.
		gateway.SamplingDecision = header.Sampled
		return beginSegment(ctx, gateway)
	}
	return beginRoot(ctx, up)
}

// StartMessageSpan starts the root span of one message of a queue. stored is the trace header in the event of the
// message; it has precedence over the message's attribute, which SNS's PublishBatch makes the same for messages of
// different traces. It sets the metadata queue, message (the id, which is the same in all attempts), attempt (from 1),
// and wait_ms (milliseconds since the message was sent, including earlier attempts).
func StartMessageSpan(ctx context.Context, m events.SQSMessage, stored string) (context.Context, Span) {
	up := parseHeader(stored)
	if up.TraceID == "" {
		up = parseHeader(m.Attributes["AWSTraceHeader"])
	}
	ctx, s := beginRoot(ctx, up)
	s.SetMetadata("queue", m.EventSourceARN[strings.LastIndexByte(m.EventSourceARN, ':')+1:])
	s.SetMetadata("message", m.MessageId)
	if n, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err == nil {
		s.SetMetadata("attempt", n)
	}
	if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
		s.SetMetadata("wait_ms", max(0, time.Since(time.UnixMilli(ms)).Milliseconds()))
	}
	return ctx, s
}

// HeaderFromContext returns the trace header for what is sent in ctx: in the attribute AWSTraceHeader and in events. It
// is "" outside a root span.
func HeaderFromContext(ctx context.Context) string {
	if h := downstreamHeader(ctx); h != nil {
		return h.String()
	}
	return ""
}

// IDFromContext returns the trace id, for logs; "" outside a root span. A trace that is not sampled has one too.
func IDFromContext(ctx context.Context) string {
	if h := downstreamHeader(ctx); h != nil {
		return h.TraceID
	}
	return ""
}

func downstreamHeader(ctx context.Context) *header.Header {
	seg := xray.GetSegment(ctx)
	if seg == nil || xray.SdkDisabled() {
		return nil
	}
	return seg.DownstreamHeader()
}

var (
	traceIDPattern   = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)
	segmentIDPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// parseHeader parses a trace header. A malformed one counts as none: it may come from a stranger, and its parts are
// sent on.
func parseHeader(text string) *header.Header {
	h := header.FromString(text)
	if !traceIDPattern.MatchString(h.TraceID) {
		return &header.Header{}
	}
	if !segmentIDPattern.MatchString(h.ParentID) {
		h.ParentID = ""
	}
	return h
}

// beginRoot starts a root span; up is the sender's header.
func beginRoot(ctx context.Context, up *header.Header) (context.Context, Span) {
	if xray.SdkDisabled() { // the SDK's segments have no trace id then
		return ctx, Span{}
	}
	text, _ := ctx.Value(xray.LambdaTraceHeaderKey).(string)
	runtime := parseHeader(text)
	var seg *xray.Segment
	if runtime.ParentID != "" && up.SamplingDecision != header.NotSampled {
		ctx, seg = xray.BeginSubsegment(ctx, serviceName)
		seg.ParentSegment.IncomingHeader = runtime // otherwise the SDK drops Lineage
		if up.TraceID != "" && up.TraceID != runtime.TraceID {
			seg.AddMetadata("upstream", up.TraceID)
		}
		return startRoot(ctx, seg)
	}
	// If the sender is not sampled this is a segment too, even if the runtime has one: for an unsampled subsegment the
	// SDK would tell the next receiver that it is sampled.
	up.AdditionalData = runtime.AdditionalData // Lineage, and nothing that the sender has added
	if up.SamplingDecision != header.NotSampled {
		up.SamplingDecision = header.Sampled // otherwise the SDK asks the daemon for sampling rules
	}
	return beginSegment(ctx, up)
}

// beginSegment starts a root span that is a segment, and not a subsegment of the runtime's.
func beginSegment(ctx context.Context, up *header.Header) (context.Context, Span) {
	if xray.SdkDisabled() {
		return ctx, Span{}
	}
	ctx, seg := xray.NewSegmentFromHeader(ctx, serviceName, &http.Request{URL: &url.URL{}}, up)
	return startRoot(ctx, seg)
}
