//go:build !race

package main

import "github.com/aws/jsii-runtime-go"

func init() { closeRuntime = jsii.Close }
