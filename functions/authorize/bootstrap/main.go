// Command authorize is the Lambda authorizer of the HTTP APIs: it checks bearer tokens.
package main

import (
	"sluice/functions/authorize"
	"sluice/shared/platform/runtime"
)

func main() {
	r := runtime.New("authorize")
	runtime.Start(r, authorize.Handler{Tokens: r.Store(), Now: r.Now}.Handle)
}
