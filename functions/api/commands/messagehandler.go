package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"sluice/events"
	"sluice/functions/api/rejection"
	"sluice/shared/domain/access"
	"sluice/shared/domain/command"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/telemetry/metrics"
)

// ProducerStore reads registered producers.
type ProducerStore interface {
	// ListProducersBySender returns the producers that are registered for a principal, or none.
	ListProducersBySender(ctx context.Context, sender string) ([]access.Producer, error)
}

// IdempotencyStore keeps the records of messages, as of requests that carry an Idempotency-Key.
type IdempotencyStore interface {
	// BeginIdempotency stores r unless another record of its owner, route and key is valid at now. It returns the
	// record that is stored.
	BeginIdempotency(ctx context.Context, r idempotency.Record, now time.Time) (idempotency.Record, error)
	// CompleteIdempotency replaces the record of r's owner, route, key and holder.
	CompleteIdempotency(ctx context.Context, r idempotency.Record) error
}

// MessageHandler handles the commands that producers send. The tenant is one that the sender is registered for with the
// command, and that has the video. A command is carried out once for each sender, source and id (CloudEvents 1.0,
// section "id") within 24 hours, as a request for each Idempotency-Key.
type MessageHandler struct {
	Runner
	Create      func(ctx context.Context, e events.Event) ([]events.Event, error) // handles upload.requested
	Producers   ProducerStore
	Idempotency IdempotencyStore
	Now         func() time.Time
	// called with the video of the message, for traces and logs
	AnnotateVideo func(ctx context.Context, tenant, video string)
}

// Handle handles a command and returns the events that follow. A command that was carried out before changes nothing
// and has the same events again. Forbidden: the sender may not send the command. NotFound: there is no such video of
// the sender's tenants. Invalid: a field is invalid, or the id came with another command before. The error has the
// tenant, for OnExhausted, if that is known.
func (h MessageHandler) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	const op = "commands.Handle"
	if e.Type == events.UploadRequested {
		return h.Create(ctx, e)
	}
	c, err := events.DataAs[command.Command](op, e)
	if err != nil {
		return nil, err
	}
	registered, err := h.Producers.ListProducersBySender(ctx, access.ParsePrincipal(e.Sender))
	if err != nil {
		return nil, err
	}
	v, err := h.findVideo(ctx, op, e, c, registered)
	if err != nil {
		return nil, rejection.WithVideo(err, access.FindOnlyTenant(registered), c.VideoID())
	}
	h.AnnotateVideo(ctx, v.Tenant, v.ID)
	out, err := h.runOnce(ctx, op, v, c, e)
	return out, rejection.WithVideo(err, v.Tenant, v.ID)
}

// OnExhausted returns the event that reports a command which was rejected, or was given up after the last attempt.
func (h MessageHandler) OnExhausted(e events.Event, err error) []events.Event {
	return rejection.BuildEvents(e, err, h.Now())
}

// findVideo returns the video of a command. NotFound: none of the tenants for which the sender may send it has such a
// video.
func (h MessageHandler) findVideo(
	ctx context.Context, op string, e events.Event, c command.Command, registered []access.Producer,
) (v video.Video, err error) {
	known, ok := services.FindCommand(string(e.Type))
	if !ok {
		return v, errs.E(op, errs.Internal, fmt.Errorf("the map has no command %s", e.Type))
	}
	granted, err := access.SelectGranted(op, registered, known.Name)
	if err != nil {
		return v, err
	}
	for _, tenant := range access.ListTenants(granted) {
		if v, err = h.Videos.LoadVideo(ctx, tenant, c.VideoID()); errs.KindOf(err) != errs.NotFound {
			break
		}
	}
	return v, err
}

// recordLifetime is how long a command is recognized as one that was carried out: as long as an Idempotency-Key.
const recordLifetime = 24 * time.Hour

// runOnce validates a command and carries it out unless its record says that it was. The record also keeps when the
// command was accepted, so that a message that is delivered again, after a newer command, does not undo that.
func (h MessageHandler) runOnce(
	ctx context.Context, op string, v video.Video, c command.Command, e events.Event,
) ([]events.Event, error) {
	if invalid := c.Validate(); len(invalid) > 0 {
		return nil, errs.New(op, errs.Invalid, invalid[0].Code, invalid[0].Detail)
	}
	now := h.Now().Truncate(time.Millisecond)
	record, err := newRecord(v, e, now)
	if err != nil {
		return nil, errs.E(op, errs.Internal, err)
	}
	stored, err := h.Idempotency.BeginIdempotency(ctx, record, now)
	if err != nil {
		return nil, err
	}
	if stored.BodyHash != record.BodyHash {
		return nil, errs.New(op, errs.Invalid, "idempotency_key_reused",
			"A message with this id and source came with another command before; use a new id for a new command.")
	}
	at, err := time.Parse(time.RFC3339Nano, stored.Response)
	if err != nil {
		return nil, errs.E(op, errs.Internal, err)
	}
	if stored.IsCompleted() {
		metrics.MarkDuplicate(ctx)
		return newEvents(v, c.ListEvents(at), at), nil
	}
	_, out, err := h.RunCommand(ctx, v, c, at)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		stored.Expires = now // the id is free again
	case err != nil:
		return nil, err
	default:
		stored.Status = http.StatusAccepted
	}
	if failed := h.Idempotency.CompleteIdempotency(ctx, stored); failed != nil {
		return nil, failed
	}
	return out, err
}

// newRecord returns the record of a command that is accepted now and not carried out yet.
func newRecord(v video.Video, e events.Event, now time.Time) (idempotency.Record, error) {
	body, err := json.Marshal(e.Data)
	sum := sha256.Sum256(append([]byte(e.Type), body...))
	return idempotency.Record{
		Owner: v.Tenant, Route: "message", Holder: "message",
		Key:      access.ParsePrincipal(e.Sender) + "\x00" + e.Source + "\x00" + e.ID,
		BodyHash: hex.EncodeToString(sum[:]), Response: now.Format(time.RFC3339Nano), Expires: now.Add(recordLifetime),
	}, err
}
