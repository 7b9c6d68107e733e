//go:build bare_s3

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
		return calls{
			"s3.GetObject": func(ctx context.Context) error {
				_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
				return err
			},
			"s3.HeadObject": func(ctx context.Context) error {
				_, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
				return err
			},
		}
	})
}
