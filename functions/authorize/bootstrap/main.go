// Command authorize is the Lambda authorizer of the HTTP APIs: it checks bearer tokens.
package main

import (
	"sluice/functions/authorize"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/runtime/database"
)

func main() {
	r := runtime.New("authorize")
	runtime.Start(r, authorize.Handler{Tokens: database.Open(r), Now: r.Now}.Handle)
}
