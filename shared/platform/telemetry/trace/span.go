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

// Key is what X-Ray indexes. It takes 50 annotations a trace, batches included, so there are no others.
type Key string

// The annotations. Each hop has the one of its service; the first of its process has the one of a cold start.
const (
	Service   Key = "service"
	VideoID   Key = "video_id"
	Tenant    Key = "tenant"
	Code      Key = "code"       // of a failure
	ColdStart Key = "cold_start" // true
)

// maxText is how much of a string is recorded: X-Ray's limit for annotations, and far below the 64 KB at which the
// daemon loses a document.
const maxText = 1000

// Span is a hop, or a step of one. The zero Span records nothing.
type Span struct {
	seg  *xray.Segment
	hop  bool
	long bool
}

type hopKey struct{}

func hold(ctx context.Context, seg *xray.Segment) (context.Context, Span) {
	s := Span{seg: seg, hop: true}
	s.Note(Service, service)
	if fresh.Swap(false) {
		seg.AddAnnotation(string(ColdStart), true)
	}
	return context.WithValue(ctx, hopKey{}, seg), s
}

// Sub begins a step of the hop in ctx; without one it returns the zero Span.
func Sub(ctx context.Context, name string) (context.Context, Span) {
	if xray.GetSegment(ctx) == nil || xray.SdkDisabled() {
		return ctx, Span{}
	}
	ctx, seg := xray.BeginSubsegment(ctx, name)
	return ctx, Span{seg: seg}
}

// Long is Sub for a step of minutes: it is sent when it begins and again when it ends, so that it is seen while it
// runs and survives the death of its function. It has the hop's annotations and details so far, as the hop itself may
// never be sent.
func Long(ctx context.Context, name string) (context.Context, Span) {
	up := xray.GetSegment(ctx)
	ctx, s := Sub(ctx, name)
	if s.silent() {
		return ctx, s
	}
	s.long = true
	notes, details := known(ctx)
	s.seg.Lock()
	defer s.seg.Unlock()
	s.seg.Type, s.seg.ParentID = "subsegment", up.ID
	s.seg.Annotations, s.seg.Metadata = notes, map[string]map[string]any{"default": details}
	s.seg.ParentSegment.GetConfiguration().Emitter.Emit(s.seg)
	return ctx, s
}

// known is what the hop has recorded about itself.
func known(ctx context.Context) (notes, details map[string]any) {
	hop, ok := ctx.Value(hopKey{}).(*xray.Segment)
	if !ok {
		return nil, nil
	}
	hop.RLock()
	defer hop.RUnlock()
	return maps.Clone(hop.Annotations), maps.Clone(hop.Metadata["default"])
}

// silent says that nothing of the span is sent.
func (s Span) silent() bool { return s.seg == nil || s.seg.Dummy }

// Note sets an annotation; an empty value sets none.
func (s Span) Note(key Key, value string) {
	if s.seg != nil && value != "" {
		s.seg.AddAnnotation(string(key), value[:min(len(value), maxText)])
	}
}

// Detail sets what is shown with the span but not searched for. Only integers, bools and strings are recorded, strings
// up to 1,000 bytes: what else there is may hold what must not be recorded, or not be JSON.
func (s Span) Detail(key string, value any) {
	if s.seg == nil {
		return
	}
	switch v := value.(type) {
	case string:
		s.seg.AddMetadata(key, v[:min(len(v), maxText)])
	case bool, int, int32, int64:
		s.seg.AddMetadata(key, v)
	}
}

// Status records the status of an HTTP answer: 4xx is an error, 429 a throttle as well, 5xx a fault of ours.
func (s Span) Status(status int) {
	if s.seg != nil {
		xray.HttpCaptureResponse(s.seg, status)
	}
}

// End closes the span, and is called once, after the End of every step within: a hop with an open step is not sent.
// An error that is the caller's fault by its video.Kind is an error of the span, any other a fault; its code becomes
// the hop's annotation.
func (s Span) End(err error) {
	s.set(func(seg *xray.Segment) {
		switch {
		case err == nil:
		case callers(err):
			seg.Error = true
		default:
			seg.Fault = true
		}
	})
	s.end(err)
}

// end closes the span without judging err.
func (s Span) end(err error) {
	if s.seg == nil {
		return
	}
	if err != nil {
		s.except(err)
	}
	if s.long { // Close would leave the parent waiting for it
		s.seg.CloseAndStream(nil)
		return
	}
	s.seg.Close(nil) // the SDK would record the working directory with an error
}

func (s Span) except(err error) {
	e := exception.Exception{ID: xray.NewSegmentID(), Type: fmt.Sprintf("%T", cause(err))}
	var ours *errs.Error
	if errors.As(err, &ours) {
		e.Message = ours.Code
	}
	if s.hop {
		s.Note(Code, e.Message)
	}
	s.set(func(seg *xray.Segment) { seg.GetCause().Exceptions = append(seg.GetCause().Exceptions, e) })
}

func (s Span) set(change func(*xray.Segment)) {
	if s.seg != nil {
		s.seg.Lock()
		defer s.seg.Unlock()
		change(s.seg)
	}
}

// callers reports whether the same input would fail again.
func callers(err error) bool {
	switch errs.KindOf(err) {
	case errs.Transient, errs.Internal:
		return false
	}
	return true
}

// cause is the innermost error.
func cause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
