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

// VideoHistory is what has happened to videos.
type VideoHistory interface {
	// LoadVideo returns NotFound if the tenant has none of that id.
	LoadVideo(ctx context.Context, tenant, id string) (video.Video, error)
	// LoadTimeline returns what has happened to a video, in order; nothing if there is none.
	LoadTimeline(ctx context.Context, tenant, id string) ([]video.TimelineEntry, error)
}

// TraceReader are what X-Ray keeps.
type TraceReader interface {
	// ReadDocuments returns the segment documents of the traces that began in one of the windows and have a hop of the video;
	// more reports that there are others.
	ReadDocuments(ctx context.Context, id string, windows []traceview.TimeRange) (documents []string, more bool, err error)
	// SampleRecent returns, for each group of services, some of the traces that have a hop of one of them, none of a group
	// before, and were last added to in the window.
	SampleRecent(ctx context.Context, groups [][]string, w traceview.TimeRange) ([]traceview.TraceSample, error)
}

// QueueDepths are those of the inboxes.
type QueueDepths interface {
	// ReadQueueCounts returns how many messages of a queue wait, and how many are being handled, about.
	ReadQueueCounts(ctx context.Context, queue string) (waiting, inFlight int, err error)
}

// ScalingReader is what was decided about workers.
type ScalingReader interface {
	// LoadScalingState returns the last decision; the zero State if there is none.
	LoadScalingState(ctx context.Context) (scaling.State, error)
}

// DeadLetterLister are the dead letters.
type DeadLetterLister interface {
	ListDeadLetters(ctx context.Context, f video.DeadLetterFilter, cursor string, now time.Time, limit int) ([]video.DeadLetter, string, error)
}

// Observer answers the routes of the service observe: they only look.
//
// Rights on AWS: rows of videos, letters and decisions (dynamodb:GetItem, Query), sqs:GetQueueAttributes of all
// inboxes, and to read traces (see package xray). All fields must be set.
type Observer struct {
	Videos      VideoHistory
	DeadLetters DeadLetterLister
	Traces      TraceReader
	Queues      QueueDepths
	Scaling     ScalingReader
	Origins     []string // whose pages may call it; "*" is all
	Now         func() time.Time
	Log         *slog.Logger

	traffic trafficCache
}

// Handler returns the handler of all routes, to be called through Gateway. It fails with Internal unless the routes
// are exactly those of the map.
func (o *Observer) Handler() (http.Handler, error) {
	s, _ := services.Lookup("observe")
	m, err := httpapi.NewMux(s, o.Log, nil, httpapi.Routes{Handlers: map[string]httpapi.Handler{
		"GET /v1/videos/{id}/trace": o.showTrace,
		"GET /v1/map":               o.showMap,
	}})
	return httpapi.CORS{Origins: o.Origins, Next: m}, err
}

// maxSpansWithSteps is how many hops an answer may have for them to be shown with their steps: Lambda's answers have 6 MB.
const maxSpansWithSteps = 400

// traceClockSkew is how much of a video's last change its trace may miss: clocks differ.
const traceClockSkew = time.Second

// showTrace answers GET /v1/videos/{id}/trace. Of deleted videos too: it shows nothing of what was in them.
func (o *Observer) showTrace(w http.ResponseWriter, r *http.Request) error {
	tenant, id := httpapi.CallerFromContext(r.Context()).Tenant, r.PathValue("id")
	v, err := o.Videos.LoadVideo(r.Context(), tenant, id)
	if err != nil {
		return err
	}
	entries, err := o.Videos.LoadTimeline(r.Context(), tenant, id)
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
	fall.Complete = v.State.IsFinal() && !more && len(fall.Spans) > 0 && !fall.HasRunning() && !fall.EndTime().Before(last.Add(-traceClockSkew))
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

// listFunctions returns what the map knows of all functions, with what they cost as they are on AWS.
func listFunctions() map[string]traceview.Function {
	all := map[string]traceview.Function{}
	for _, s := range services.Map {
		all[s.Name] = traceview.Function{Timeout: s.Timeout, Cost: metric.FunctionSize{Memory: s.Memory, Disk: s.Disk, ARM: true}.InvocationCost}
	}
	return all
}
