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

// AnnotationKey is what X-Ray indexes. It takes 50 annotations a trace, batches included, so there are no others.
type AnnotationKey string

// The annotations. Each hop has the one of its service; the first of its process has the one of a cold start.
const (
	Service   AnnotationKey = "service"
	VideoID   AnnotationKey = "video_id"
	Tenant    AnnotationKey = "tenant"
	Code      AnnotationKey = "code"       // of a failure
	ColdStart AnnotationKey = "cold_start" // true
)

// maxTextBytes is how much of a string is recorded: X-Ray's limit for annotations, and far below the 64 KB at which the
// daemon loses a document.
const maxTextBytes = 1000

// Span is a hop, or a step of one. The zero Span records nothing.
type Span struct {
	seg    *xray.Segment
	isRoot bool
	isLong bool
}

type rootKey struct{}

func startRoot(ctx context.Context, seg *xray.Segment) (context.Context, Span) {
	s := Span{seg: seg, isRoot: true}
	s.Annotate(Service, serviceName)
	if coldStart.Swap(false) {
		seg.AddAnnotation(string(ColdStart), true)
	}
	return context.WithValue(ctx, rootKey{}, seg), s
}

// StartSpan begins a step of the hop in ctx; without one it returns the zero Span.
func StartSpan(ctx context.Context, name string) (context.Context, Span) {
	if xray.GetSegment(ctx) == nil || xray.SdkDisabled() {
		return ctx, Span{}
	}
	ctx, seg := xray.BeginSubsegment(ctx, name)
	return ctx, Span{seg: seg}
}

// StartLongSpan is Sub for a step of minutes: it is sent when it begins and again when it ends, so that it is seen while it
// runs and survives the death of its function. It has the hop's annotations and details so far, as the hop itself may
// never be sent.
func StartLongSpan(ctx context.Context, name string) (context.Context, Span) {
	up := xray.GetSegment(ctx)
	ctx, s := StartSpan(ctx, name)
	if s.isSilent() {
		return ctx, s
	}
	s.isLong = true
	notes, details := copyRootData(ctx)
	s.seg.Lock()
	defer s.seg.Unlock()
	s.seg.Type, s.seg.ParentID = "subsegment", up.ID
	s.seg.Annotations, s.seg.Metadata = notes, map[string]map[string]any{"default": details}
	s.seg.ParentSegment.GetConfiguration().Emitter.Emit(s.seg)
	return ctx, s
}

// copyRootData is what the hop has recorded about itself.
func copyRootData(ctx context.Context) (notes, details map[string]any) {
	hop, ok := ctx.Value(rootKey{}).(*xray.Segment)
	if !ok {
		return nil, nil
	}
	hop.RLock()
	defer hop.RUnlock()
	return maps.Clone(hop.Annotations), maps.Clone(hop.Metadata["default"])
}

// isSilent says that nothing of the span is sent.
func (s Span) isSilent() bool { return s.seg == nil || s.seg.Dummy }

// Annotate sets an annotation; an empty value sets none.
func (s Span) Annotate(key AnnotationKey, value string) {
	if s.seg != nil && value != "" {
		s.seg.AddAnnotation(string(key), value[:min(len(value), maxTextBytes)])
	}
}

// SetMetadata sets what is shown with the span but not searched for. Only integers, bools and strings are recorded, strings
// up to 1,000 bytes: what else there is may hold what must not be recorded, or not be JSON.
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

// SetHTTPStatus records the status of an HTTP answer: 4xx is an error, 429 a throttle as well, 5xx a fault of ours.
func (s Span) SetHTTPStatus(status int) {
	if s.seg != nil {
		xray.HttpCaptureResponse(s.seg, status)
	}
}

// End closes the span, and is called once, after the End of every step within: a hop with an open step is not sent.
// An error that is the caller's fault by its video.Kind is an error of the span, any other a fault; its code becomes
// the hop's annotation.
func (s Span) End(err error) {
	s.updateSegment(func(seg *xray.Segment) {
		switch {
		case err == nil:
		case isCallerError(err):
			seg.Error = true
		default:
			seg.Fault = true
		}
	})
	s.closeSegment(err)
}

// closeSegment closes the span without judging err.
func (s Span) closeSegment(err error) {
	if s.seg == nil {
		return
	}
	if err != nil {
		s.recordException(err)
	}
	if s.isLong { // Close would leave the parent waiting for it
		s.seg.CloseAndStream(nil)
		return
	}
	s.seg.Close(nil) // the SDK would record the working directory with an error
}

func (s Span) recordException(err error) {
	e := exception.Exception{ID: xray.NewSegmentID(), Type: fmt.Sprintf("%T", innermostError(err))}
	var ours *errs.Error
	if errors.As(err, &ours) {
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

// isCallerError reports whether the same input would fail again.
func isCallerError(err error) bool {
	switch errs.KindOf(err) {
	case errs.Transient, errs.Internal:
		return false
	}
	return true
}

// innermostError is the innermost error.
func innermostError(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
