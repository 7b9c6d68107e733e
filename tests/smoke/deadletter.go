package main

import (
	"context"
	"errors"
	"fmt"

	"sluice/tests/client"
)

// failingMessage returns the body of a message that no service can decode.
func (s *smoke) failingMessage() string { return "invalid on purpose: " + s.name }

// sendFailingMessage sends a message that must become a dead letter. checkDeadLetter reports the error, if any.
func (s *smoke) sendFailingMessage(ctx context.Context) {
	s.sent, s.sendErr = s.now(), s.aws.SendToEncode(ctx, s.failingMessage())
}

// checkDeadLetter waits until the failing message is a row, and discards it. Only reconcile makes such rows, from what
// it finds in dead-letter queues.
func (s *smoke) checkDeadLetter(ctx context.Context) (string, error) {
	if s.sendErr != nil {
		return "", fmt.Errorf("the failing message could not be sent: %w", s.sendErr)
	}
	ctx, cancel := context.WithTimeout(ctx, deadLetterTimeout)
	defer cancel()
	say := s.sayOnce()
	var found client.DeadLetter
	err := s.waitUntil(ctx, func() (ok bool, err error) {
		say("the invalid message is to become a dead letter, within about a minute")
		found, ok, err = s.findDeadLetter(ctx)
		return ok, err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return "", errNoDeadLetter
	}
	if err != nil {
		return "", err
	}
	if err := s.discardDeadLetter(ctx, found); err != nil {
		return "", err
	}
	if found.Kind != "invalid" || found.Attempts != 1 {
		return "", fmt.Errorf("the invalid message is %s %s after %d attempts, not invalid after 1", found.Kind,
			found.Code, found.Attempts)
	}
	return fmt.Sprintf("a row with a reason %.0f s after the message, at the first attempt; discarded",
		found.FiledAt.Sub(s.sent).Seconds()), nil
}

var (
	errNoDeadLetter = errors.New("the invalid message has not become a dead letter")
	errMessageLeft  = errors.New("the invalid message was sent and not discarded")
)

// findDeadLetter returns the dead letter of the failing message; ok is false if it is not there yet.
func (s *smoke) findDeadLetter(ctx context.Context) (found client.DeadLetter, ok bool, err error) {
	page, _, err := s.api.ListDeadLetters(ctx, "")
	if err != nil {
		return found, false, err
	}
	for _, l := range page {
		if l.Service != "encode" || l.State != "open" || l.FiledAt.Before(s.sent.Add(-clockTolerance)) {
			continue
		}
		if found, err = s.api.GetDeadLetter(ctx, l.ID); err != nil || found.Body == s.failingMessage() {
			return found, err == nil, err
		}
	}
	return found, false, nil
}

func (s *smoke) discardDeadLetter(ctx context.Context, l client.DeadLetter) error {
	if err := s.api.DiscardDeadLetter(ctx, l.ID, "sent by make smoke"); err != nil {
		return fmt.Errorf("discard the dead letter: %w", err)
	}
	s.discarded = true
	return nil
}
