//go:build bare_cloudfront

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := cloudfront.NewFromConfig(cfg)
		return calls{
			"cloudfront.CreateInvalidation": func(ctx context.Context) error {
				_, err := client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
					DistributionId:    aws.String("d"),
					InvalidationBatch: &types.InvalidationBatch{CallerReference: aws.String("c")},
				})
				return err
			},
		}
	})
}
