package api

import (
	"net/http"
	"sync"

	"sluice/docs"
	"sluice/functions/api/apidocs"
	"sluice/shared/platform/httpapi"
)

// renderDocs renders the page /docs, once.
var renderDocs = sync.OnceValues(func() (apidocs.Page, error) {
	return apidocs.Render(OpenAPI, docs.APIChangesMarkdown)
})

// showDocs answers GET /docs: a page of the OpenAPI document. Its links are relative, since its base URL is unknown.
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
