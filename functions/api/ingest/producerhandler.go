package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/oklog/ulid/v2"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// ProducerStore are what operators have registered as sources.
type ProducerStore interface {
	// ListProducersBySender returns the grants of a principal; none for one that nobody has registered.
	ListProducersBySender(ctx context.Context, sender string) ([]video.Producer, error)
}

// ProducerHandler is the back door: whose video it is follows from who has sent the message and from what it names, and
// from nothing that the message says.
type ProducerHandler struct {
	Creator       VideoCreator
	Producers     ProducerStore
	TraceHeader   func(ctx context.Context) string                // the header to keep in the video's row and to send on
	AnnotateVideo func(ctx context.Context, tenant, video string) // is told whose the message turns out to be; may be nil
}

// Handle takes one request.
func (p ProducerHandler) Handle(ctx context.Context, e events.Event) ([]events.Event, error) {
	const op = "ingest.Handle"
	ask, ok := e.Data.(video.UploadRequested)
	if !ok {
		return nil, errs.E(op, errs.Invalid, fmt.Errorf("%s carries %T", e.Type, e.Data))
	}
	sender := video.ParsePrincipal(e.Sender)
	tenant, err := p.resolveTenant(ctx, op, sender, ask.Origin)
	if err != nil {
		return nil, err
	}
	id := deriveID(sender, e)
	if p.AnnotateVideo != nil {
		p.AnnotateVideo(ctx, tenant, "vid_"+id)
	}
	if err := ask.Origin.Validate(); err != nil {
		return nil, errs.E(op, errs.Invalid, err)
	}
	command, invalid := NewCommand(Request{
		Tenant: tenant, VideoID: "vid_" + id, UploadID: "upl_" + id, Spec: ask,
		Correlation: cmp.Or(e.Correlation, e.ID), Trace: p.TraceHeader(ctx),
	})
	if len(invalid) > 0 {
		return nil, invalid[0].ToError(op, errs.Invalid, nil)
	}
	v, _, out, err := p.Creator.CreateVideo(ctx, command, p.Creator.Videos.CreateVideo)
	if err != nil {
		return nil, err
	}
	var es []events.Event
	for _, d := range out {
		follows := events.New(v.Tenant, v.ID, p.Creator.Now(), d)
		follows.Correlation, follows.Trace = v.Correlation, p.TraceHeader(ctx)
		es = append(es, follows)
	}
	return es, nil
}

// deriveID returns the part of a video's ids that is the same for the same request, which is told by its sender, source and
// id (CloudEvents 1.0, section "id"). It tells no time, unlike other ids: a producer may send again much later.
func deriveID(sender string, e events.Event) string {
	sum := sha256.Sum256([]byte(sender + "\x00" + e.Source + "\x00" + e.ID))
	return ulid.ULID(sum[:16]).String()
}

var (
	problemSenderUnknown   = errs.Problem{Code: "sender_unknown", Message: "Nobody has registered the principal that sent this message; an operator does, with POST /v1/sources."}
	problemOriginForbidden = errs.Problem{Code: "origin_forbidden", Message: "The principal that sent this message may not name this object; an operator grants it, with POST /v1/sources."}
	problemOriginOwn       = errs.Problem{Code: "origin_own", Message: "This is a bucket of Sluice's own, or another name than its own of some bucket; name a bucket of yours by its name."}
	problemTenantUnclear   = errs.Problem{Code: "tenant_unclear", Message: "The principal that sent this message speaks for several tenants, so that a URL does not tell whose video it is; name an object in a bucket."}
)

// resolveTenant returns whose video it becomes.
func (p ProducerHandler) resolveTenant(ctx context.Context, op, sender string, o video.Origin) (string, error) {
	switch {
	case o.Bucket != "" && !services.ValidProducerBucket(o.Bucket):
		return "", problemOriginOwn.ToError(op, errs.Forbidden, nil)
	case sender == "":
		return "", problemSenderUnknown.ToError(op, errs.Forbidden, nil)
	}
	grants, err := p.Producers.ListProducersBySender(ctx, sender)
	switch {
	case err != nil:
		return "", err
	case len(grants) == 0:
		return "", problemSenderUnknown.ToError(op, errs.Forbidden, nil)
	case o.URL != "":
		return requireSingleTenant(op, grants)
	}
	g, ok := video.FindProducer(grants, o.Bucket, o.Key)
	if !ok {
		return "", problemOriginForbidden.ToError(op, errs.Forbidden, nil)
	}
	return g.Tenant, nil
}

// requireSingleTenant returns the tenant that all grants are for.
func requireSingleTenant(op string, grants []video.Producer) (string, error) {
	tenant := grants[0].Tenant
	for _, g := range grants {
		if g.Tenant != tenant {
			return "", problemTenantUnclear.ToError(op, errs.Forbidden, nil)
		}
	}
	return tenant, nil
}
