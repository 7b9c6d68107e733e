// Command launcher is the `bootstrap` of every function in a local cloud: it starts the function itself in the
// conditions of AWS Lambda.
package main

import "sluice/localstack/lambdaenv"

func main() { lambdaenv.Main() }
