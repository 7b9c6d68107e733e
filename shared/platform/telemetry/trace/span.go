package trace

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/exception"
	"github.com/aws/aws-xray-sdk-go/v2/xray"

	"sluice/shared/domain/errs"
)

// AnnotationKey is the name of an annotation, by which X-Ray can search. There are only these because X-Ray takes 50
// annotations in a trace.
type AnnotationKey string

// The annotations. Every root span has Service; the first of a process has ColdStart.
const (
	Service   AnnotationKey = "service"
	VideoID   AnnotationKey = "video_id"
	Tenant    AnnotationKey = "tenant"
	Code      AnnotationKey = "code"       // error code
	ColdStart AnnotationKey = "cold_start" // true
)

// maxTextBytes is how much of a string is recorded: X-Ray's limit of annotations, and far less than 64 KB, from which
// on the daemon drops a document.
const maxTextBytes = 1000

// Span is a root span or a step in it. The zero Span records nothing.
type Span struct {
	seg    *xray.Segment
	isRoot bool
	isLong bool
}

type rootKey struct{}

// startRoot makes seg the root span of the context.
func startRoot(ctx context.Context, seg *xray.Segment) (context.Context, Span) {
	s := Span{seg: seg, isRoot: true}
	s.Annotate(Service, serviceName)
	if coldStart.Swap(false) {
		seg.AddAnnotation(string(ColdStart), true)
	}
	return context.WithValue(ctx, rootKey{}, seg), s
}

// StartSpan starts a step of the root span in ctx; without one it returns the zero Span.
func StartSpan(ctx context.Context, name string) (context.Context, Span) {
	if xray.GetSegment(ctx) == nil || xray.SdkDisabled() {
		return ctx, Span{}
	}
	ctx, seg := xray.BeginSubsegment(ctx, name)
	return ctx, Span{seg: seg}
}

// StartLongSpan is StartSpan for a step of minutes: the span is sent when it starts and again when it ends, so that it
// is visible while it runs, and also if the function dies. It has the present annotations and metadata of the root
// span, which may never be sent itself.
func StartLongSpan(ctx context.Context, name string) (context.Context, Span) {
	up := xray.GetSegment(ctx)
	ctx, s := StartSpan(ctx, name)
	if s.seg == nil || s.seg.Dummy { // it is not sent
		return ctx, s
	}
	s.isLong = true
	var annotations, metadata map[string]any
	if root, ok := ctx.Value(rootKey{}).(*xray.Segment); ok {
		root.RLock()
		annotations, metadata = maps.Clone(root.Annotations), maps.Clone(root.Metadata["default"])
		root.RUnlock()
	}
	s.seg.Lock()
	defer s.seg.Unlock()
	s.seg.Type, s.seg.ParentID = "subsegment", up.ID
	s.seg.Annotations, s.seg.Metadata = annotations, map[string]map[string]any{"default": metadata}
	s.seg.ParentSegment.GetConfiguration().Emitter.Emit(s.seg)
	return ctx, s
}

// Annotate sets an annotation. It ignores an empty value.
func (s Span) Annotate(key AnnotationKey, value string) {
	if s.seg != nil && value != "" {
		s.seg.AddAnnotation(string(key), value[:min(len(value), maxTextBytes)])
	}
}

// SetMetadata sets a value that is shown with the span but can't be searched for. Only integers, bools and the first
// 1,000 bytes of strings are recorded: values of other types may contain what must not be recorded.
func (s Span) SetMetadata(key string, value any) {
	if s.seg == nil {
		return
	}
	switch v := value.(type) {
	case string:
		s.seg.AddMetadata(key, v[:min(len(v), maxTextBytes)])
	case bool, int, int32, int64:
		s.seg.AddMetadata(key, v)
	}
}

// SetHTTPStatus records the status of an HTTP response. In X-Ray's terms 4xx is an error, 429 a throttle as well, and
// 5xx a fault.
func (s Span) SetHTTPStatus(status int) {
	if s.seg != nil {
		xray.HttpCaptureResponse(s.seg, status)
	}
}

// End ends the span. It must be called once, after End of all steps in the span: a root span with an open step is not
// sent. If the caller is at fault by the Kind of err, X-Ray shows an error, otherwise a fault. A root span gets err's
// code as annotation.
func (s Span) End(err error) {
	s.updateSegment(func(seg *xray.Segment) {
		switch errs.KindOf(err) {
		case "":
		case errs.Transient, errs.Internal:
			seg.Fault = true
		default: // the same input would fail again
			seg.Error = true
		}
	})
	s.closeSegment(err)
}

// closeSegment ends the span and records err, but sets neither error nor fault.
func (s Span) closeSegment(err error) {
	if s.seg == nil {
		return
	}
	if err != nil {
		s.recordException(err)
	}
	if s.isLong { // after Close, the parent would wait for it
		s.seg.CloseAndStream(nil)
		return
	}
	s.seg.Close(nil) // nil: the SDK would record the working directory with an error
}

// recordException records the Go type of an error and its code, but not its text.
func (s Span) recordException(err error) {
	innermost := err
	for next := err; next != nil; next = errors.Unwrap(next) {
		innermost = next
	}
	e := exception.Exception{ID: xray.NewSegmentID(), Type: fmt.Sprintf("%T", innermost)}
	if ours, ok := errors.AsType[*errs.Error](err); ok {
		e.Message = string(ours.Code)
	}
	if s.isRoot {
		s.Annotate(Code, e.Message)
	}
	s.updateSegment(func(seg *xray.Segment) { seg.GetCause().Exceptions = append(seg.GetCause().Exceptions, e) })
}

func (s Span) updateSegment(change func(*xray.Segment)) {
	if s.seg != nil {
		s.seg.Lock()
		defer s.seg.Unlock()
		change(s.seg)
	}
}
