//go:build bare_lambda

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := lambda.NewFromConfig(cfg)
		return calls{
			"lambda.Invoke": func(ctx context.Context) error {
				_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
				return err
			},
		}
	})
}
