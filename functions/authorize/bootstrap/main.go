// Command authorize is the Lambda authorizer of the HTTP APIs: it checks bearer tokens.
package main

import (
	"sluice/functions/authorize"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("authorize")
	runtime.Start(k, authorize.Handler{Tokens: k.Store(), Now: k.Now}.Handle)
}
