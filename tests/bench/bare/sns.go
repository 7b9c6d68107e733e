//go:build bare_sns

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := sns.NewFromConfig(cfg)
		return calls{
			"sns.Publish": func(ctx context.Context) error {
				_, err := client.Publish(ctx, &sns.PublishInput{TopicArn: aws.String("t"), Message: aws.String("m")})
				return err
			},
		}
	})
}
