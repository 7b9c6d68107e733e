package admin

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"sluice/shared/domain/access"
	"sluice/shared/domain/services"
	"sluice/shared/platform/httpapi"
)

// ProducerStore keeps registered producers.
type ProducerStore interface {
	// CreateProducer adds a producer. Conflict: the id is taken.
	CreateProducer(ctx context.Context, p access.Producer) error
	// ListProducers returns all producers, the oldest first.
	ListProducers(ctx context.Context) ([]access.Producer, error)
	// DeleteProducer removes a producer. NotFound: there is none of that id.
	DeleteProducer(ctx context.Context, id string) error
}

// producerView is a producer in a response.
type producerView struct {
	ID       string            `json:"id"`
	Sender   string            `json:"sender"`
	Bucket   string            `json:"bucket"`
	Prefix   string            `json:"prefix"`
	Tenant   string            `json:"tenant"`
	Commands []string          `json:"commands"` // that it may send
	Created  httpapi.Timestamp `json:"created_at"`
}

func newProducerView(p access.Producer) producerView {
	return producerView{
		p.ID, p.Sender, p.Bucket, p.Prefix, p.Tenant, p.AllowedCommands(), httpapi.Timestamp{Time: p.Created},
	}
}

// createProducer answers POST /v1/sources. Repeated, it fails with source_exists. The bucket's owner and the deployment
// decide whether Sluice can read the bucket.
func (a *Admin) createProducer(w http.ResponseWriter, r *http.Request) error {
	in, err := httpapi.DecodeBody[struct {
		Sender   string   `json:"sender"`
		Bucket   string   `json:"bucket"`
		Prefix   string   `json:"prefix,omitempty"`
		Tenant   string   `json:"tenant"`
		Commands []string `json:"commands,omitempty"`
	}](r)
	if err != nil {
		return err
	}
	p := access.Producer{
		ID: access.ProducerID(in.Sender, in.Bucket, in.Prefix), Sender: in.Sender, Bucket: in.Bucket, Prefix: in.Prefix,
		Tenant: in.Tenant, Commands: slices.Compact(slices.Sorted(slices.Values(in.Commands))), Created: a.now(),
	}
	var v httpapi.Validation
	v.AddAll(p.Validate())
	for i, c := range in.Commands {
		known := services.ListProducerCommands()
		v.Require(slices.Contains(known, c), fmt.Sprintf("/commands/%d", i), "command_unknown",
			"The commands of producers are "+httpapi.QuoteList(known)+".")
	}
	v.Require(services.ValidProducerBucket(in.Bucket), "/bucket", "bucket_refused",
		"Give the name of a bucket, not of what stands for one, and not one of Sluice's own.")
	known, err := a.tenantExists(r, in.Tenant)
	if err != nil {
		return err
	}
	v.Require(known, "/tenant", "tenant_not_found", "There is no such tenant; create it first.")
	if err := v.Err(); err != nil {
		return err
	}
	if err := a.Producers.CreateProducer(r.Context(), p); err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusCreated, newProducerView(p))
}

// listProducers answers GET /v1/sources.
func (a *Admin) listProducers(w http.ResponseWriter, r *http.Request) error {
	producers, err := a.Producers.ListProducers(r.Context())
	if err != nil {
		return err
	}
	all := make([]producerView, 0, len(producers))
	for _, p := range producers {
		all = append(all, newProducerView(p))
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string][]producerView{"sources": all})
}

// deleteProducer answers DELETE /v1/sources/{id}. Files that were requested before are still fetched.
func (a *Admin) deleteProducer(w http.ResponseWriter, r *http.Request) error {
	if err := a.Producers.DeleteProducer(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
