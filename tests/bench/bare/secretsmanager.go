//go:build bare_secretsmanager

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := secretsmanager.NewFromConfig(cfg)
		return calls{
			"secretsmanager.GetSecretValue": func(ctx context.Context) error {
				_, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
				return err
			},
		}
	})
}
