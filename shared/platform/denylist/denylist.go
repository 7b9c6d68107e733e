// Package denylist tells the function that updates the CDN when the deny list has changed. It needs the right to invoke
// that function.
package denylist

import (
	"context"
	"log/slog"
	"time"

	"sluice/shared/domain/playback"
)

// Signal tells a function that the deny list has changed. It is a part of its JSON input.
type Signal struct {
	DenyListChanged bool `json:"deny_list_changed,omitempty"`
}

// RuleStore keeps the deny list.
type RuleStore interface {
	// ApplyDenyRule changes an entry; changed is false if it was so already.
	ApplyDenyRule(ctx context.Context, r playback.DenyRule) (changed bool, err error)
}

// signalTimeout is how much of a handler's time a signal may take. The deny list is also looked at every minute.
const signalTimeout = 2 * time.Second

// SignallingStore is a RuleStore whose changes are signalled.
type SignallingStore struct {
	Rules  RuleStore
	Invoke func(ctx context.Context, input any) error // sends a Signal; a failure is only logged
	Log    *slog.Logger
}

// ApplyDenyRule is that of the RuleStore, followed by a signal if the entry has changed.
func (s SignallingStore) ApplyDenyRule(ctx context.Context, r playback.DenyRule) (changed bool, err error) {
	changed, err = s.Rules.ApplyDenyRule(ctx, r)
	if err != nil || !changed {
		return changed, err
	}
	ctx, cancel := context.WithTimeout(ctx, signalTimeout)
	defer cancel()
	if err := s.Invoke(ctx, Signal{DenyListChanged: true}); err != nil {
		s.Log.WarnContext(ctx, "the CDN can't be told now; it is within a minute", "error", err)
	}
	return true, nil
}
