package api

import (
	"context"
	"net/http"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// Sources keeps what producers were granted.
type Sources interface {
	// PutSource adds a grant; Conflict if there is one of that id.
	PutSource(ctx context.Context, g video.Grant) error
	// AllSources returns all grants, the oldest first.
	AllSources(ctx context.Context) ([]video.Grant, error)
	// DeleteSource takes a grant back; NotFound if there is none of that id.
	DeleteSource(ctx context.Context, id string) error
}

// source is a grant as we show it.
type source struct {
	ID      string `json:"id"`
	Sender  string `json:"sender"`
	Bucket  string `json:"bucket"`
	Prefix  string `json:"prefix"`
	Tenant  string `json:"tenant"`
	Created moment `json:"created_at"`
}

func sourceOf(g video.Grant) source {
	return source{g.ID, g.Sender, g.Bucket, g.Prefix, g.Tenant, moment{g.Created}}
}

// createSource answers POST /v1/sources. It fails with source_exists, which makes a repetition harmless. That Sluice may
// read the bucket is for its owner to allow, and for the deployment.
func (o *Operators) createSource(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[struct {
		Sender string `json:"sender"`
		Bucket string `json:"bucket"`
		Prefix string `json:"prefix,omitempty"`
		Tenant string `json:"tenant"`
	}](r)
	if err != nil {
		return err
	}
	g := video.Grant{
		ID: video.GrantID(in.Sender, in.Bucket, in.Prefix), Sender: in.Sender, Bucket: in.Bucket, Prefix: in.Prefix, Tenant: in.Tenant, Created: o.now(),
	}
	var c check
	for _, f := range g.Check() {
		c.that(false, f.Pointer, f.Code, f.Message)
	}
	c.that(services.MayProduce(in.Bucket), "/bucket", "bucket_refused", "Give the name of a bucket, not of what stands for one, and not one of Sluice's own.")
	known, err := o.knows(r, in.Tenant)
	if err != nil {
		return err
	}
	c.that(known, "/tenant", "tenant_not_found", "There is no such tenant; create it first.")
	if err := c.err(); err != nil {
		return err
	}
	if err := o.Sources.PutSource(r.Context(), g); err != nil {
		return err
	}
	return reply(w, http.StatusCreated, sourceOf(g))
}

// listSources answers GET /v1/sources.
func (o *Operators) listSources(w http.ResponseWriter, r *http.Request) error {
	grants, err := o.Sources.AllSources(r.Context())
	if err != nil {
		return err
	}
	all := make([]source, 0, len(grants))
	for _, g := range grants {
		all = append(all, sourceOf(g))
	}
	return reply(w, http.StatusOK, map[string][]source{"sources": all})
}

// deleteSource answers DELETE /v1/sources/{id}. What was asked for by then is still fetched.
func (o *Operators) deleteSource(w http.ResponseWriter, r *http.Request) error {
	if err := o.Sources.DeleteSource(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
