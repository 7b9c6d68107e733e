package api

import (
	_ "embed"
	"net/http"

	"sluice/shared/platform/httpapi"
)

// OpenAPI describes all routes of the service map in OpenAPI 3.0 (https://spec.openapis.org/oas/v3.0.3). Tests compare
// it with the map and with every request and response in them.
//
//go:embed openapi.json
var OpenAPI []byte

// showOpenAPI answers GET /v1/openapi.json.
func (a *API) showOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	return httpapi.WriteRawJSON(w, http.StatusOK, OpenAPI)
}
