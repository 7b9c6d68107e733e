// Package xray reads the segment documents that package trace has written, from the API of AWS X-Ray.
//
// Rights: xray:GetTraceSummaries and xray:BatchGetTraces. X-Ray can't limit them to a resource: whoever has them reads
// the traces of the whole account. So only the function observe has them, and it shows only what belongs to one video.
//
// Errors are Transient: X-Ray throttles readers.
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

// APIClient is the part of X-Ray's client that Reader uses.
type APIClient interface {
	GetTraceSummaries(
		ctx context.Context, in *xray.GetTraceSummariesInput, opts ...func(*xray.Options),
	) (*xray.GetTraceSummariesOutput, error)
	BatchGetTraces(
		ctx context.Context, in *xray.BatchGetTracesInput, opts ...func(*xray.Options),
	) (*xray.BatchGetTracesOutput, error)
}

// Reader reads traces.
type Reader struct{ Client APIClient }

// New returns a Reader with a client of its own.
func New(cfg aws.Config) Reader { return Reader{xray.NewFromConfig(cfg)} }

const (
	idsPerCall       = 5 // X-Ray's limit
	maxParallelCalls = 4
	maxSamples       = 100  // traces of a sample
	maxTraces        = 1500 // traces of a video: those of an hour of video, which take ten seconds to read
)

// ReadDocuments returns the segment documents of the traces that began in one of the windows and have a span of the
// video with this id. more reports that some are left out: there are more than 1,500 such traces, or X-Ray did not
// process all.
func (r Reader) ReadDocuments(
	ctx context.Context, id string, windows []traceview.TimeRange,
) (documents []string, more bool, err error) {
	var ids []string
	filter := fmt.Sprintf(`annotation.video_id = "%s"`, id) // the id is from the video's row: letters, digits and _
	for _, span := range windows {
		found, err := r.findTraceIDs(ctx, filter, types.TimeRangeTypeTraceId, span)
		if err != nil {
			return nil, false, err
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // two windows may share a moment
	documents, left, err := r.readTraces(ctx, ids[:min(len(ids), maxTraces)])
	return documents, left > 0 || len(ids) > maxTraces, err
}

// SampleRecent returns a sample for each group of services: the documents of at most 100 of the traces that were
// updated in the window and have a span of one of the services, evenly chosen from at most about 1,500. A trace is only
// in the sample of the first group that it belongs to.
func (r Reader) SampleRecent(
	ctx context.Context, groups [][]string, span traceview.TimeRange,
) (samples []traceview.TraceSample, err error) {
	known := map[string]bool{}
	for _, services := range groups {
		var filters []string
		for _, s := range services {
			filters = append(filters, fmt.Sprintf(`annotation.service = "%s"`, s))
		}
		ids, err := r.findTraceIDs(ctx, strings.Join(filters, " OR "), types.TimeRangeTypeEvent, span)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return known[id] })
		for _, id := range ids {
			known[id] = true
		}
		picked := pickEvenly(ids, maxSamples)
		s := traceview.TraceSample{Fraction: float64(len(picked)) / float64(max(1, len(ids)))}
		if s.Documents, _, err = r.readTraces(ctx, picked); err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// pickEvenly returns at most n of ids, evenly spaced: the ids are ordered by time, so that the first ones would be of
// one moment.
func pickEvenly(ids []string, n int) (picked []string) {
	n = min(n, len(ids))
	for i := range n {
		picked = append(picked, ids[i*len(ids)/n])
	}
	return picked
}

// findTraceIDs returns the ids of the traces in a window that match a filter expression, and stops after about
// maxTraces. by says which time of a trace must be in the window.
func (r Reader) findTraceIDs(
	ctx context.Context, filter string, by types.TimeRangeType, span traceview.TimeRange,
) (ids []string, err error) {
	pages := xray.NewGetTraceSummariesPaginator(r.Client, &xray.GetTraceSummariesInput{
		StartTime: &span.From, EndTime: &span.To, TimeRangeType: by, FilterExpression: &filter,
	})
	for pages.HasMorePages() && len(ids) <= maxTraces {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, errs.E("xray.findTraceIDs", errs.Transient, err)
		}
		for _, t := range page.TraceSummaries {
			ids = append(ids, aws.ToString(t.Id))
		}
	}
	return ids, nil
}

// readTraces returns the documents of traces, and how many traces X-Ray has left unprocessed, also when it was asked
// for them again (https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html).
func (r Reader) readTraces(ctx context.Context, ids []string) (documents []string, left int, err error) {
	for range 2 {
		var found []string
		if found, ids, err = r.readOnce(ctx, ids); err != nil {
			return nil, 0, err
		}
		documents = append(documents, found...)
	}
	return documents, len(ids), nil
}

// readOnce asks for each trace once.
func (r Reader) readOnce(ctx context.Context, ids []string) (documents, unprocessed []string, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallelCalls)
	for part := range slices.Chunk(ids, idsPerCall) {
		g.Go(func() error {
			found, left, err := r.readBatch(ctx, part)
			mu.Lock()
			defer mu.Unlock()
			documents, unprocessed = append(documents, found...), append(unprocessed, left...)
			return err
		})
	}
	err = g.Wait()
	return documents, unprocessed, err
}

func (r Reader) readBatch(ctx context.Context, ids []string) (documents, unprocessed []string, err error) {
	pages := xray.NewBatchGetTracesPaginator(r.Client, &xray.BatchGetTracesInput{TraceIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, errs.E("xray.readBatch", errs.Transient, err)
		}
		unprocessed = append(unprocessed, page.UnprocessedTraceIds...)
		for _, t := range page.Traces {
			for _, s := range t.Segments {
				documents = append(documents, aws.ToString(s.Document))
			}
		}
	}
	return documents, unprocessed, nil
}
