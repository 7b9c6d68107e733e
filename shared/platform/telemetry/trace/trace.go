// Package trace records what a function does in AWS X-Ray and passes the trace on. It is the only package that knows
// aws-xray-sdk-go/v2. It needs xray:PutTraceSegments, which active tracing grants to a function.
//
// A hop is the handling of one request or one message. It continues its sender's trace unless the runtime has one:
//
//	the runtime's header   Lambda has opened a segment (AWS, active tracing): the hop is a subsegment of it, and the
//	                       sender's trace is noted in the detail "upstream".
//	the sender's header    nobody has (a local cloud, tracing off): the hop is a segment of the sender's trace.
//	neither                the hop is a segment of a new trace.
//
// Whether a video is traced is decided once, at the door, and only passed on: a hop whose sender is not sampled
// records nothing and says so to the next. The runtime's Lineage goes on with everything that is sent, because Lambda
// ends endless loops by it (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
//
// What X-Ray searches by are the annotations service, video_id, tenant, code and cold_start; everything else is a detail.
// A hop is the one segment that is called like its service: package waterfall finds hops by that. Never recorded:
// texts of errors (they may hold signed URLs), URLs other than those of queues, bodies, headers, object keys, stacks
// and the working directory. Of a failure the Go type and our own code are kept.
//
// Documents go by UDP to AWS_XRAY_DAEMON_ADDRESS, 127.0.0.1:2000 if unset, and are lost without harm if nobody listens.
// A malformed address there panics while the X-Ray SDK is initialised, before main. AWS_XRAY_SDK_DISABLED=true turns
// everything here into nothing. AWS_XRAY_TRACING_NAME must not be set: it renames every segment.
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

// serviceName is what hops are called. Written by Setup only. It is fresh until its first hop.
var (
	serviceName = "sluice"
	coldStart   atomic.Bool
)

// SetService names the service that the hops of this process belong to and silences the SDK's own log. Call it once, first
// thing in main.
func SetService(name string) {
	serviceName = name
	coldStart.Store(true)
	xray.SetLogger(xraylog.NullLogger)
}

// StartRequestSpan begins the hop of an HTTP request; the names in headers may be in any case.
func StartRequestSpan(ctx context.Context, headers map[string]string) (context.Context, Span) {
	for name, value := range headers {
		if strings.EqualFold(name, HeaderName) {
			return beginRoot(ctx, parseHeader(value))
		}
	}
	return beginRoot(ctx, &header.Header{})
}

// StartMessageSpan begins the hop of one message of a queue; stored is the header in its envelope. That goes before the
// message's attribute, which SNS's PublishBatch makes the same for messages of different traces. The details queue,
// message (its id, by which attempts are known), attempt (from 1) and wait_ms (since the message was sent, earlier
// attempts included) are set.
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

// HeaderFromContext returns what to send on in AWSTraceHeader and in an envelope, or "" outside a hop.
func HeaderFromContext(ctx context.Context) string {
	if h := downstreamHeader(ctx); h != nil {
		return h.String()
	}
	return ""
}

// IDFromContext returns the trace's id, for logs, or "" outside a hop. An unsampled trace has one too.
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

// parseHeader reads a header. An ill-formed one is none: it may come from a stranger, and goes into headers and documents.
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

// beginRoot opens the hop; up is the sender's header.
func beginRoot(ctx context.Context, up *header.Header) (context.Context, Span) {
	if xray.SdkDisabled() { // its segments have no root and its headers no text
		return ctx, Span{}
	}
	given, _ := ctx.Value(xray.LambdaTraceHeaderKey).(string)
	runtime := parseHeader(given)
	var seg *xray.Segment
	if runtime.ParentID != "" && up.SamplingDecision != header.NotSampled {
		ctx, seg = xray.BeginSubsegment(ctx, serviceName)
		seg.ParentSegment.IncomingHeader = runtime // the SDK would drop Lineage
		if up.TraceID != "" && up.TraceID != runtime.TraceID {
			seg.AddMetadata("upstream", up.TraceID)
		}
		return startRoot(ctx, seg)
	}
	// A segment of our own even if the runtime has one and the sender is not sampled: the SDK's unsampled subsegment
	// would tell the next hop that it is.
	up.AdditionalData = runtime.AdditionalData // Lineage, and nothing that a sender made up
	if up.SamplingDecision != header.NotSampled {
		up.SamplingDecision = header.Sampled // else the SDK asks the daemon for rules
	}
	ctx, seg = xray.NewSegmentFromHeader(ctx, serviceName, &http.Request{URL: &url.URL{}}, up)
	return startRoot(ctx, seg)
}
