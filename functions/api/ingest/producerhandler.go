package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"

	"github.com/oklog/ulid/v2"

	"sluice/events"
	"sluice/functions/api/rejection"
	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// ProducerStore reads registered producers.
type ProducerStore interface {
	// ListProducersBySender returns the producers that are registered for a principal, or none.
	ListProducersBySender(ctx context.Context, sender string) ([]access.Producer, error)
}

// ProducerHandler creates videos for producers, which send messages. The video's tenant follows from the sender and the
// origin of the file, never from other fields of the message.
type ProducerHandler struct {
	Creator     VideoCreator
	Producers   ProducerStore
	TraceHeader func(ctx context.Context) string // the trace header to store in the row and to send on
	// called with the video of the message, for traces and logs
	AnnotateVideo func(ctx context.Context, tenant, video string)
}

// Handle handles upload.requested and returns fetch.requested. Forbidden: the sender may not create a video of this
// origin. Invalid: a field is invalid. The error has the tenant, for package rejection, if that is known.
func (p ProducerHandler) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	const op = "ingest.Handle"
	request, err := events.DataAs[video.UploadRequested](op, e)
	if err != nil {
		return nil, err
	}
	sender := access.ParsePrincipal(e.Sender)
	id := deriveID(sender, e)
	registered, err := p.Producers.ListProducersBySender(ctx, sender)
	if err != nil {
		return nil, err
	}
	tenant, err := resolveTenant(op, registered, request.Origin)
	if err != nil {
		return nil, rejection.WithVideo(err, access.FindOnlyTenant(registered), "vid_"+id)
	}
	p.AnnotateVideo(ctx, tenant, "vid_"+id)
	out, err := p.createVideo(ctx, op, Request{
		Tenant: tenant, VideoID: "vid_" + id, UploadID: "upl_" + id, Spec: request,
		Correlation: cmp.Or(e.Correlation, e.ID), Trace: p.TraceHeader(ctx),
	})
	return out, rejection.WithVideo(err, tenant, "vid_"+id)
}

// createVideo validates a request, creates the video and returns the events that follow.
func (p ProducerHandler) createVideo(ctx context.Context, op string, r Request) (es []events.Event, err error) {
	if err := r.Spec.Origin.Validate(); err != nil {
		return nil, errs.E(op, errs.Invalid, err)
	}
	command, invalid := NewCommand(r)
	if len(invalid) > 0 {
		return nil, errs.New(op, errs.Invalid, invalid[0].Code, invalid[0].Detail)
	}
	v, _, out, err := p.Creator.CreateVideo(ctx, command, p.Creator.Videos.CreateVideo)
	if err != nil {
		return nil, err
	}
	for _, d := range out {
		next := events.New(v.Tenant, v.ID, p.Creator.Now(), d)
		next.Correlation, next.Trace = v.Correlation, p.TraceHeader(ctx)
		es = append(es, next)
	}
	return es, nil
}

// deriveID returns the part of a video's ids that is the same for the same request, which has the same sender, source
// and id (CloudEvents 1.0, section "id"). Unlike other ids it does not depend on the time: a producer may repeat a
// request later.
func deriveID(sender string, e events.Event) string {
	sum := sha256.Sum256([]byte(sender + "\x00" + e.Source + "\x00" + e.ID))
	return ulid.ULID(sum[:16]).String()
}

var (
	problemOriginForbidden = errs.NewProblem("origin_forbidden",
		"The principal that sent this message may not name this object; an operator grants it, with POST /v1/sources.")
	problemOriginOwn = errs.NewProblem("origin_own",
		"This is a bucket of Sluice's own, or another name than its own of some bucket; name a bucket of yours by its name.")
	problemTenantUnclear = errs.NewProblem("tenant_unclear",
		"The principal that sent this message speaks for several tenants, so that a URL does not tell whose video it is; name an object in a bucket.")
)

// resolveTenant returns the tenant of a video from the registrations of its sender and its origin. Forbidden: there is
// none, or several.
func resolveTenant(op string, registered []access.Producer, o video.Origin) (string, error) {
	if o.Bucket != "" && !services.ValidProducerBucket(o.Bucket) {
		return "", problemOriginOwn.ToError(op, errs.Forbidden, nil)
	}
	granted, err := access.SelectGranted(op, registered, access.CommandCreate)
	if err != nil {
		return "", err
	}
	if o.URL != "" {
		tenant := access.FindOnlyTenant(granted)
		if tenant == "" {
			return "", problemTenantUnclear.ToError(op, errs.Forbidden, nil)
		}
		return tenant, nil
	}
	// of all registrations: a longer prefix without the command must not leave its objects to a shorter one
	producer, ok := access.FindProducer(registered, o.Bucket, o.Key)
	if !ok {
		return "", problemOriginForbidden.ToError(op, errs.Forbidden, nil)
	}
	_, err = access.SelectGranted(op, []access.Producer{producer}, access.CommandCreate)
	return producer.Tenant, err
}
