package main

import (
	"context"
	"fmt"
	"strings"
)

// removeAll deletes the videos of this run, waits until their objects are gone, and discards the dead letter if that
// was not done.
func (s *smoke) removeAll(ctx context.Context) (string, error) {
	page, _, err := s.api.ListVideos(ctx, "") // newest first
	if err != nil {
		return "", fmt.Errorf("list the videos of this run: %w", err)
	}
	var ids []string
	for _, v := range page {
		if strings.HasPrefix(v.Title, s.name) {
			if err := s.api.DeleteVideo(ctx, v.ID); err != nil {
				return "", fmt.Errorf("delete %s: %w", v.ID, err)
			}
			ids = append(ids, v.ID)
		}
	}
	for _, id := range ids {
		if err := s.waitUntilRemoved(ctx, id); err != nil {
			return "", err
		}
	}
	if !s.discarded && s.sendErr == nil && !s.sent.IsZero() {
		if err := s.discardLateDeadLetter(ctx); err != nil {
			return "", fmt.Errorf("%w: %w", errMessageLeft, err)
		}
	}
	return fmt.Sprintf("%d videos and their objects; left: the tenant %s, and rows that expire", len(ids),
		s.tenant), nil
}

// waitUntilRemoved waits until no object of a deleted video is left.
func (s *smoke) waitUntilRemoved(ctx context.Context, id string) error {
	say, left := s.sayOnce(), 0
	err := s.waitUntil(ctx, func() (_ bool, err error) {
		left, err = s.aws.CountObjects(ctx, s.tenant, id, s.playbackIDs[id])
		say("%d objects of %s are left", left, id)
		return left == 0, err
	})
	if err != nil {
		return fmt.Errorf("%d objects of the deleted video %s are left: %w", left, id, err)
	}
	return nil
}

// discardLateDeadLetter waits for the dead letter of the failing message, which checkDeadLetter has not found, and
// discards it.
func (s *smoke) discardLateDeadLetter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lateDeadLetterTimeout)
	defer cancel()
	say := s.sayOnce()
	return s.waitUntil(ctx, func() (bool, error) {
		say("the dead letter of the invalid message is to be discarded, when it is there")
		found, ok, err := s.findDeadLetter(ctx)
		if err != nil || !ok {
			return false, err
		}
		return true, s.discardDeadLetter(ctx, found)
	})
}
