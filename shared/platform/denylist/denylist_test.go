package denylist_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/denylist"
)

// rules is a RuleStore that answers what it is told.
type rules struct {
	changed bool
	err     error
}

func (r rules) ApplyDenyRule(context.Context, playback.DenyRule) (bool, error) {
	return r.changed, r.err
}

func TestChangesOfDenyListAreSignalled(t *testing.T) {
	t.Parallel()
	down := errs.E("test", errs.Transient, io.ErrUnexpectedEOF)
	for name, tt := range map[string]struct {
		rules   rules
		notify  error
		changed bool
		signals int
	}{
		"changed":            {rules{true, nil}, nil, true, 1},
		"no difference":      {rules{false, nil}, nil, false, 0},
		"not stored":         {rules{false, down}, nil, false, 0},
		"the signal is lost": {rules{true, nil}, down, true, 1},
	} {
		signals := 0
		l := denylist.SignallingStore{Rules: tt.rules, Log: slog.New(slog.DiscardHandler),
			Invoke: func(_ context.Context, s any) error {
				if text, err := json.Marshal(s); err != nil || string(text) != `{"deny_list_changed":true}` {
					t.Errorf("signal %s, %v", text, err)
				}
				signals++
				return tt.notify
			}}
		changed, err := l.ApplyDenyRule(t.Context(), playback.DenyRule{})
		if changed != tt.changed || signals != tt.signals || errs.KindOf(err) != errs.KindOf(tt.rules.err) {
			t.Errorf("%s: %t, %v, %d signals", name, changed, err, signals)
		}
	}
}
