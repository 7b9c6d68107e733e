// Package observe answers the HTTP API that shows what happens: a video's trace, and the service map with the depths of
// its queues. It only reads; docs/api.md describes its routes.
package observe

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"sluice/shared/domain/metric"
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/services"
	"sluice/shared/domain/traceview"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// Store reads rows.
type Store interface {
	// LoadVideo returns NotFound if the tenant has no video of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
	// LoadTimeline returns the timeline of a video in order, empty if there is no video.
	LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error)
	// ListDeadLetters returns at most limit dead letters that match f, the last sent first, after cursor, and the next
	// cursor, "" at the end.
	ListDeadLetters(
		ctx context.Context, f video.DeadLetterFilter, cursor string, now time.Time, limit int,
	) ([]video.DeadLetter, string, error)
	// LoadScalingState returns the last decision of the scaling law, or the zero State.
	LoadScalingState(ctx context.Context) (scaling.State, error)
}

// TraceReader reads traces from X-Ray.
type TraceReader interface {
	// ReadDocuments returns the segment documents of traces that began in one of the time ranges and have a span of the
	// video. more reports that there are others.
	ReadDocuments(
		ctx context.Context, id string, windows []traceview.TimeRange,
	) (documents []string, more bool, err error)
	// SampleRecent returns, for each group of services, a sample of the traces that have a span of one of them and of
	// no group before, and were last changed in the time range.
	SampleRecent(ctx context.Context, groups [][]string, r traceview.TimeRange) ([]traceview.TraceSample, error)
}

// QueueDepths reads the depths of inboxes.
type QueueDepths interface {
	// ReadQueueCounts returns the approximate numbers of messages that wait and that are in flight.
	ReadQueueCounts(ctx context.Context, queue string) (waiting, inFlight int, err error)
}

// Observer answers the routes of the service observe, which only read.
// Rights on AWS: rows of videos, dead letters and scaling decisions (dynamodb:GetItem, Query), sqs:GetQueueAttributes
// of all inboxes, and the reading of traces (see package xray). All fields must be set.
type Observer struct {
	Store   Store
	Traces  TraceReader
	Queues  QueueDepths
	Origins []string // origins whose pages may call the API; "*" is all
	Now     func() time.Time
	Log     *slog.Logger

	traffic trafficCache
}

// Handler returns the handler of all routes, for httpapi.NewGatewayFunc. Internal: the routes are not exactly those of
// the service map.
func (o *Observer) Handler() (http.Handler, error) {
	s, _ := services.Lookup("observe")
	m, err := httpapi.NewMux(s, o.Log, nil, httpapi.Routes{Handlers: map[string]httpapi.Handler{
		"GET /v1/videos/{id}/trace": o.showTrace,
		"GET /v1/map":               o.showMap,
	}})
	return httpapi.CORS{Origins: o.Origins, Next: m}, err
}

// maxSpansWithSteps is the most spans that a response shows with their steps: Lambda's responses are limited to 6 MB.
const maxSpansWithSteps = 400

// traceClockSkew is by how much a trace may end before the video's last change and still be complete.
const traceClockSkew = time.Second

// showTrace answers GET /v1/videos/{id}/trace, for deleted videos too: a trace has none of their content.
func (o *Observer) showTrace(w http.ResponseWriter, r *http.Request) error {
	tenant, id := httpapi.CallerFromContext(r.Context()).Tenant, r.PathValue("id")
	v, err := o.Store.LoadVideo(r.Context(), tenant, id)
	if err != nil {
		return err
	}
	entries, err := o.Store.LoadTimeline(r.Context(), tenant, id)
	if err != nil {
		return err
	}
	now := httpapi.TruncateToMillis(o.Now())
	moments := []time.Time{v.Times.Created}
	for _, e := range entries {
		moments = append(moments, e.At)
	}
	last := moments[len(moments)-1]
	if !v.State.IsFinal() {
		moments = append(moments, now)
	}
	documents, more, err := o.Traces.ReadDocuments(r.Context(), id, traceview.BuildSearchRanges(moments, now))
	if err != nil {
		return err
	}
	fall := traceview.BuildWaterfall(id, documents, listFunctions(), now)
	fall.Complete = v.State.IsFinal() && !more && len(fall.Spans) > 0 && !fall.HasRunning() &&
		!fall.EndTime().Before(last.Add(-traceClockSkew))
	if len(fall.Spans) > maxSpansWithSteps {
		for i := range fall.Spans {
			fall.Spans[i].Steps = []traceview.Step{}
		}
	}
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		traceview.Waterfall
		Started httpapi.Timestamp `json:"started_at"`
	}{fall, httpapi.Timestamp{Time: fall.Started}})
}

// listFunctions returns the timeout and the cost on AWS of each function.
func listFunctions() map[string]traceview.Function {
	all := map[string]traceview.Function{}
	for _, s := range services.Map {
		all[s.Name] = traceview.Function{
			Timeout: s.Timeout, Cost: metric.FunctionSize{Memory: s.Memory, Disk: s.Disk, ARM: true}.InvocationCost,
		}
	}
	return all
}
