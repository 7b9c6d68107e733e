// Command authorize tells API Gateway whose a token is.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/authorize"
	"sluice/shared/platform/runtime"
)

func main() {
	k := runtime.New("authorize")
	lambda.Start(runtime.Metered(k, authorize.Handler{Tokens: k.Rows(), Now: k.Now}.Handle))
}
