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
func (s *burstRun) evaluateVideos(ctx context.Context, before map[string]client.DeadLetter) (Result, error) {
	outcomes := s.collectOutcomes()
	until := s.now().Add(traceTimeout)
	group, watching := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i := range outcomes {
		if f := &outcomes[i]; f.id != "" {
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
	r := summarizeVideos(outcomes, s.subscription != nil, countNewDeadLetters(before, after, outcomes))
	r.Seed, r.Began, r.CPUs, r.MissedSamples, r.Queues = s.seed, s.began.UTC().Format(
		time.RFC3339,
	), runtime.NumCPU(), s.recorder.missedSamples, s.recorder.activeQueues()
	for _, f := range outcomes {
		r.Seconds = max(r.Seconds, roundHundredths(f.ready.Sub(s.began).Seconds()))
	}
	return r, nil
}

// collectOutcomes returns an outcome for each planned video with what is known before the details are fetched.
func (s *burstRun) collectOutcomes() []videoOutcome {
	var all []videoOutcome
	sent := s.tracker.uploadResults()
	for _, o := range s.tracker.planned {
		u := sent[o.title]
		f := videoOutcome{
			plannedVideo: o, id: u.id, announced: s.readyEvents.countEvents(u.id), copies: s.tracker.countReady(o),
		}
		if u.err != nil {
			f.defects = append(f.defects, u.err.Error())
		}
		all = append(all, f)
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
	for _, f := range outcomes {
		ours[f.id] = true
	}
	for id, l := range after {
		if _, old := before[id]; !old && ours[l.VideoID] {
			n++
		}
	}
	return n
}

// writeReport writes the files and prints the result.
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
