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

// evaluateVideos asks for all that is known of each video.
func (s *burstRun) evaluateVideos(ctx context.Context, before map[string]client.DeadLetter) (Result, error) {
	fates := s.collectOutcomes()
	until := s.now().Add(traceTimeout)
	group, watching := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i := range fates {
		if f := &fates[i]; f.id != "" {
			group.Go(func() error { return f.fetchDetails(watching, s.clients[f.tenant], until, s.now) })
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	after, err := listDeadLetters(ctx, s.operator)
	if err != nil {
		return Result{}, err
	}
	r := summarizeVideos(fates, s.subscription != nil, countNewDeadLetters(before, after, fates))
	r.Seed, r.Began, r.CPUs, r.MissedSamples, r.Queues = s.seed, s.began.UTC().Format(time.RFC3339), runtime.NumCPU(), s.recorder.missedSamples, s.recorder.activeQueues()
	for _, f := range fates {
		r.Seconds = max(r.Seconds, roundHundredths(f.ready.Sub(s.began).Seconds()))
	}
	return r, nil
}

// collectOutcomes are all videos, with what is known of them so far.
func (s *burstRun) collectOutcomes() []videoOutcome {
	var all []videoOutcome
	sent := s.tracker.uploadResults()
	for _, o := range s.tracker.planned {
		u := sent[o.title]
		f := videoOutcome{plannedVideo: o, id: u.id, announced: s.readyEvents.countEvents(u.id), copies: s.tracker.countReady(o)}
		if u.err != nil {
			f.defects = append(f.defects, u.err.Error())
		}
		all = append(all, f)
	}
	return all
}

// listDeadLetters returns all dead letters by their ids.
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

// countNewDeadLetters counts the letters that were not there before and are of one of the videos, or of nobody knows which.
func countNewDeadLetters(before, after map[string]client.DeadLetter, fates []videoOutcome) (n int) {
	ours := map[string]bool{"": true}
	for _, f := range fates {
		ours[f.id] = true
	}
	for id, l := range after {
		if _, old := before[id]; !old && ours[l.VideoID] {
			n++
		}
	}
	return n
}

// writeReport writes what was measured, and shows it.
func (s *burstRun) writeReport(r Result, out *os.File) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	figure := r.buildFigure(s.began)
	for path, body := range map[string]string{s.jsonPath: string(text) + "\n", s.svgPath: figure.RenderSVG()} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			return err
		}
	}
	return r.writeTerminal(figure, out, s.jsonPath, s.svgPath)
}

// verdictError is what is wrong, as one error.
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
