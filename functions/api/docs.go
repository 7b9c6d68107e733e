package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"

	"sluice/docs"
	"sluice/events"
	"sluice/events/examples"
	"sluice/functions/api/apidocs"
	"sluice/shared/domain/errs"
	"sluice/shared/platform/httpapi"
)

// renderDocs renders the page /docs, once.
var renderDocs = sync.OnceValues(func() (apidocs.Page, error) {
	requests, err := listMessages(events.Request)
	if err != nil {
		return apidocs.Page{}, err
	}
	facts, err := listMessages(events.Fact)
	if err != nil {
		return apidocs.Page{}, err
	}
	return apidocs.Render(OpenAPI, []apidocs.Messages{
		{Heading: "Of a registered producer, to the queue of the API", Types: requests},
		{Heading: "To the subscribers of the topic", Types: facts},
	}, docs.APIChangesMarkdown)
})

// listMessages returns the event types of a kind, each with an example.
func listMessages(kind events.Kind) (all []apidocs.Message, err error) {
	const op = "api.listMessages"
	for _, t := range events.ListTypes(kind) {
		title, err := events.ReadTitle(t)
		if err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		var example bytes.Buffer
		if err := json.Indent(&example, []byte(examples.ReadJSON(string(t)+"/full")), "", "  "); err != nil {
			return nil, errs.E(op, errs.Internal, err)
		}
		all = append(all, apidocs.Message{Type: string(t), Title: title, Example: example.String()})
	}
	return all, nil
}

// showDocs answers GET /docs: a page of the OpenAPI document and of the messages of producers and subscribers. Its
// links are relative, since its base URL is unknown.
func showDocs(w http.ResponseWriter, _ *http.Request) error {
	page, err := renderDocs()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", page.Policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", httpapi.PageCacheControl)
	_, err = w.Write(page.HTML)
	return err
}
