// Package xray reads what package trace has written: the segment documents of a video, from X-Ray's API. Rights:
// xray:GetTraceSummaries and xray:BatchGetTraces, which X-Ray knows no resource to narrow to: whoever has them reads the
// traces of the whole account, so that only the function observe does, and shows of them what belongs to one video.
//
// It refuses nothing itself. Errors are Transient: X-Ray throttles readers.
package xray

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"
	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/traceview"
)

// APIClient is what Reader needs of X-Ray.
type APIClient interface {
	GetTraceSummaries(ctx context.Context, in *xray.GetTraceSummariesInput, opts ...func(*xray.Options)) (*xray.GetTraceSummariesOutput, error)
	BatchGetTraces(ctx context.Context, in *xray.BatchGetTracesInput, opts ...func(*xray.Options)) (*xray.BatchGetTracesOutput, error)
}

// Reader reads traces.
type Reader struct{ Client APIClient }

// New returns a Reader with a client of its own.
func New(cfg aws.Config) Reader { return Reader{xray.NewFromConfig(cfg)} }

const (
	idsPerCall       = 5    // ids that a call takes
	maxParallelCalls = 4    // calls
	maxSamples       = 100  // traces that stand for all of them
	maxTraces        = 1500 // traces that are read: an hour of video, at ten seconds of answering
)

// ReadDocuments returns the segment documents of the traces that began in one of the windows and have a hop of the video.
// more reports that there are more of them: the limit is 1,500 traces, those found first.
func (r Reader) ReadDocuments(ctx context.Context, id string, windows []traceview.TimeRange) (documents []string, more bool, err error) {
	var ids []string
	filter := fmt.Sprintf(`annotation.video_id = "%s"`, id) // of a row: letters and digits
	for _, w := range windows {
		found, err := r.findTraceIDs(ctx, filter, types.TimeRangeTypeTraceId, w)
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // the ends of two windows are in both
	more = len(ids) > maxTraces
	documents, err = r.readTraces(ctx, ids[:min(len(ids), maxTraces)])
	return documents, more, err
}

// SampleRecent returns, for each group of services, traces that have a hop of one of them, none of a group before, and were last
// added to in the window: at most 100 from all over it, of some 1,500 that it counts.
func (r Reader) SampleRecent(ctx context.Context, groups [][]string, w traceview.TimeRange) (samples []traceview.TraceSample, err error) {
	known := map[string]bool{}
	for _, services := range groups {
		ids, err := r.findTraceIDs(ctx, buildServiceFilter(services), types.TimeRangeTypeEvent, w)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return known[id] })
		for _, id := range ids {
			known[id] = true
		}
		some := pickEvenly(ids, maxSamples)
		s := traceview.TraceSample{Fraction: float64(len(some)) / float64(max(1, len(ids)))}
		if s.Documents, err = r.readTraces(ctx, some); err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	return samples, nil
}

func buildServiceFilter(services []string) string {
	var filters []string
	for _, s := range services {
		filters = append(filters, fmt.Sprintf(`annotation.service = "%s"`, s))
	}
	return strings.Join(filters, " OR ")
}

// pickEvenly returns at most n of ids, evenly from all over: they come in an order of time, and the first would stand for a
// moment alone.
func pickEvenly(ids []string, n int) (some []string) {
	n = min(n, len(ids))
	for i := range n {
		some = append(some, ids[i*len(ids)/n])
	}
	return some
}

// findTraceIDs returns the ids of the traces of a window, which is one of those times of theirs, that a filter lets through,
// about as many as are read at most.
func (r Reader) findTraceIDs(ctx context.Context, filter string, by types.TimeRangeType, w traceview.TimeRange) (ids []string, err error) {
	pages := xray.NewGetTraceSummariesPaginator(r.Client, &xray.GetTraceSummariesInput{
		StartTime: &w.From, EndTime: &w.To, TimeRangeType: by, FilterExpression: &filter,
	})
	for pages.HasMorePages() && len(ids) <= maxTraces {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, errs.E("xray.find", errs.Transient, err)
		}
		for _, t := range page.TraceSummaries {
			ids = append(ids, aws.ToString(t.Id))
		}
	}
	return ids, nil
}

func (r Reader) readTraces(ctx context.Context, ids []string) (documents []string, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelCalls)
	for part := range slices.Chunk(ids, idsPerCall) {
		g.Go(func() error {
			found, err := r.readBatch(ctx, part)
			mu.Lock()
			defer mu.Unlock()
			documents = append(documents, found...)
			return err
		})
	}
	return documents, g.Wait()
}

func (r Reader) readBatch(ctx context.Context, ids []string) (documents []string, err error) {
	pages := xray.NewBatchGetTracesPaginator(r.Client, &xray.BatchGetTracesInput{TraceIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, errs.E("xray.batch", errs.Transient, err)
		}
		for _, t := range page.Traces {
			for _, s := range t.Segments {
				documents = append(documents, aws.ToString(s.Document))
			}
		}
	}
	return documents, nil
}
