package api

import (
	"net/http"
	"sluice/shared/platform/httpapi"
)

// tokenView is a token in a response.
type tokenView struct {
	ID     string   `json:"id"`
	Tenant string   `json:"tenant"`
	Scopes []string `json:"scopes"`
}

// showToken answers GET /v1/token: the tenant and the scopes of the request's token.
func (a *API) showToken(w http.ResponseWriter, r *http.Request) error {
	c := httpapi.CallerFromContext(r.Context())
	return httpapi.WriteJSON(w, http.StatusOK, tokenView{c.TokenID, c.Tenant, append([]string{}, c.Scopes...)})
}
