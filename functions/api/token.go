package api

import (
	"net/http"
	"sluice/shared/platform/httpapi"
)

// tokenView is a token as who holds it may know it.
type tokenView struct {
	ID     string   `json:"id"`
	Tenant string   `json:"tenant"`
	Scopes []string `json:"scopes"`
}

// showToken answers GET /v1/token: whose the token of the request is, and what it may do.
func (a *API) showToken(w http.ResponseWriter, r *http.Request) error {
	c := httpapi.CallerFromContext(r.Context())
	return httpapi.WriteJSON(w, http.StatusOK, tokenView{c.TokenID, c.Tenant, append([]string{}, c.Scopes...)})
}
