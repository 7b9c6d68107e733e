package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/tests/client"
)

// evaluateVideos fetches the details of each video and summarizes them. before are the dead letters before the burst.
func (b *burstRun) evaluateVideos(ctx context.Context, before map[string]client.DeadLetter) (Result, error) {
	outcomes := b.collectOutcomes()
	until := b.now().Add(traceTimeout)
	group, watching := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i := range outcomes {
		if o := &outcomes[i]; o.id != "" {
			group.Go(func() error { return o.fetchDetails(watching, b.clients[o.tenant], until, b.now) })
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	after, err := listDeadLetters(ctx, b.operator)
	if err != nil {
		return Result{}, err
	}
	r := summarizeVideos(outcomes, b.subscription != nil, countNewDeadLetters(before, after, outcomes))
	r.Seed, r.Began, r.CPUs, r.MissedSamples, r.Queues = b.seed, b.began.UTC().Format(
		time.RFC3339,
	), runtime.NumCPU(), b.recorder.missedSamples, b.recorder.activeQueues()
	for _, o := range outcomes {
		r.Seconds = max(r.Seconds, roundHundredths(o.ready.Sub(b.began).Seconds()))
	}
	return r, nil
}

// collectOutcomes returns an outcome for each planned video with what is known before the details are fetched.
func (b *burstRun) collectOutcomes() []videoOutcome {
	var all []videoOutcome
	sent := b.tracker.uploadResults()
	for _, p := range b.tracker.planned {
		u := sent[p.title]
		outcome := videoOutcome{
			plannedVideo: p, id: u.id, announced: b.readyEvents.countEvents(u.id), copies: b.tracker.countReady(p),
		}
		if u.err != nil {
			outcome.defects = append(outcome.defects, u.err.Error())
		}
		all = append(all, outcome)
	}
	return all
}

// listDeadLetters returns all dead letters by id.
func listDeadLetters(ctx context.Context, operator *client.Client) (map[string]client.DeadLetter, error) {
	all := map[string]client.DeadLetter{}
	for cursor := ""; ; {
		page, next, err := operator.ListDeadLetters(ctx, cursor)
		if err != nil {
			return nil, fmt.Errorf("list dead letters: %w", err)
		}
		for _, l := range page {
			all[l.ID] = l
		}
		if cursor = next; next == "" {
			return all, nil
		}
	}
}

// countNewDeadLetters counts the dead letters that are not in before and belong to one of the videos or to no known
// video.
func countNewDeadLetters(before, after map[string]client.DeadLetter, outcomes []videoOutcome) (n int) {
	ours := map[string]bool{"": true}
	for _, o := range outcomes {
		ours[o.id] = true
	}
	for id, l := range after {
		if _, old := before[id]; !old && ours[l.VideoID] {
			n++
		}
	}
	return n
}

// writeReport writes the files and prints the result.
func (b *burstRun) writeReport(r Result, out *os.File) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	figure := r.buildFigure(b.began)
	svg, err := figure.RenderSVG()
	if err != nil {
		return err
	}
	for path, body := range map[string][]byte{b.jsonPath: append(text, '\n'), b.svgPath: svg} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, 0o644); err != nil {
			return err
		}
	}
	return r.writeTerminal(figure, out, b.jsonPath, b.svgPath)
}

// verdictError returns all violations as one error, nil if there are none.
func (r Result) verdictError() error {
	wrong := r.findViolations()
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, ";\n      "))
}

func sortTimes(all []time.Time) []time.Time {
	slices.SortFunc(all, time.Time.Compare)
	return all
}
