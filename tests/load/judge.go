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

// judge asks for all that is known of each video.
func (s *stage) judge(ctx context.Context, before map[string]client.Letter) (Result, error) {
	fates := s.fates()
	until := s.now().Add(patience)
	group, watching := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range fates {
		if f := &fates[i]; f.id != "" {
			group.Go(func() error { return f.look(watching, s.clients[f.tenant], until, s.now) })
		}
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	after, err := letters(ctx, s.operator)
	if err != nil {
		return Result{}, err
	}
	r := summarise(fates, s.ear != nil, fresh(before, after, fates))
	r.Seed, r.Began, r.CPUs, r.Missed, r.Queues = s.seed, s.began.UTC().Format(time.RFC3339), runtime.NumCPU(), s.rec.missed, s.rec.series()
	for _, f := range fates {
		r.Seconds = max(r.Seconds, hundredths(f.ready.Sub(s.began).Seconds()))
	}
	return r, nil
}

// fates are all videos, with what is known of them so far.
func (s *stage) fates() []fate {
	var all []fate
	sent := s.crowd.uploads()
	for _, o := range s.crowd.orders {
		u := sent[o.title]
		f := fate{order: o, id: u.id, told: s.news.times(u.id), copies: s.crowd.copies(o)}
		if u.err != nil {
			f.faults = append(f.faults, u.err.Error())
		}
		all = append(all, f)
	}
	return all
}

// letters returns all dead letters by their ids.
func letters(ctx context.Context, operator *client.Client) (map[string]client.Letter, error) {
	all := map[string]client.Letter{}
	for cursor := ""; ; {
		page, next, err := operator.Letters(ctx, cursor)
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

// fresh counts the letters that were not there before and are of one of the videos, or of nobody knows which.
func fresh(before, after map[string]client.Letter, fates []fate) (n int) {
	ours := map[string]bool{"": true}
	for _, f := range fates {
		ours[f.id] = true
	}
	for id, l := range after {
		if _, old := before[id]; !old && ours[l.Video] {
			n++
		}
	}
	return n
}

// report writes what was measured, and shows it.
func (s *stage) report(r Result, out *os.File) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	figure := r.figure(s.began)
	for path, body := range map[string]string{s.json: string(text) + "\n", s.svg: figure.SVG()} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			return err
		}
	}
	return r.show(figure, out, s.json, s.svg)
}

// complaint is what is wrong, as one error.
func (r Result) complaint() error {
	wrong := r.verdict()
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, ";\n      "))
}

func sorted(all []time.Time) []time.Time {
	slices.SortFunc(all, time.Time.Compare)
	return all
}
