package admin

import (
	"context"
	"net/http"

	"sluice/shared/domain/access"
	"sluice/shared/domain/services"
	"sluice/shared/platform/httpapi"
)

// ProducerStore keeps registered producers.
type ProducerStore interface {
	// CreateProducer adds a producer. Conflict: the id is taken.
	CreateProducer(ctx context.Context, g access.Producer) error
	// ListProducers returns all producers, the oldest first.
	ListProducers(ctx context.Context) ([]access.Producer, error)
	// DeleteProducer removes a producer. NotFound: there is none of that id.
	DeleteProducer(ctx context.Context, id string) error
}

// producerView is a producer in a response.
type producerView struct {
	ID      string            `json:"id"`
	Sender  string            `json:"sender"`
	Bucket  string            `json:"bucket"`
	Prefix  string            `json:"prefix"`
	Tenant  string            `json:"tenant"`
	Created httpapi.Timestamp `json:"created_at"`
}

func newProducerView(g access.Producer) producerView {
	return producerView{g.ID, g.Sender, g.Bucket, g.Prefix, g.Tenant, httpapi.Timestamp{Time: g.Created}}
}

// createProducer answers POST /v1/sources. Repeated, it fails with source_exists. The bucket's owner and the deployment
// decide whether Sluice can read the bucket.
func (o *Admin) createProducer(w http.ResponseWriter, r *http.Request) error {
	in, err := httpapi.DecodeBody[struct {
		Sender string `json:"sender"`
		Bucket string `json:"bucket"`
		Prefix string `json:"prefix,omitempty"`
		Tenant string `json:"tenant"`
	}](r)
	if err != nil {
		return err
	}
	g := access.Producer{
		ID: access.ProducerID(in.Sender, in.Bucket, in.Prefix), Sender: in.Sender, Bucket: in.Bucket, Prefix: in.Prefix,
		Tenant: in.Tenant, Created: o.now(),
	}
	var c httpapi.Validation
	c.AddAll(g.Validate())
	c.Require(
		services.ValidProducerBucket(in.Bucket), "/bucket", "bucket_refused",
		"Give the name of a bucket, not of what stands for one, and not one of Sluice's own.",
	)
	known, err := o.tenantExists(r, in.Tenant)
	if err != nil {
		return err
	}
	c.Require(known, "/tenant", "tenant_not_found", "There is no such tenant; create it first.")
	if err := c.Err(); err != nil {
		return err
	}
	if err := o.Producers.CreateProducer(r.Context(), g); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusCreated, newProducerView(g))
}

// listProducers answers GET /v1/sources.
func (o *Admin) listProducers(w http.ResponseWriter, r *http.Request) error {
	producers, err := o.Producers.ListProducers(r.Context())
	if err != nil {
		return err
	}
	all := make([]producerView, 0, len(producers))
	for _, g := range producers {
		all = append(all, newProducerView(g))
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string][]producerView{"sources": all})
}

// deleteProducer answers DELETE /v1/sources/{id}. Files that were requested before are still fetched.
func (o *Admin) deleteProducer(w http.ResponseWriter, r *http.Request) error {
	if err := o.Producers.DeleteProducer(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
