// Command authorize tells API Gateway whose a token is.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"sluice/shared/authorize"
	"sluice/shared/wire"
)

func main() {
	k := wire.New("authorize")
	lambda.Start(wire.Metered(k, authorize.Handler{Tokens: k.Rows(), Now: k.Now}.Handle))
}
