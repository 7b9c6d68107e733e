//go:build bare_cloudwatch

package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := cloudwatch.NewFromConfig(cfg)
		return calls{
			"cloudwatch.GetMetricData": func(ctx context.Context) error {
				_, err := client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
					StartTime: aws.Time(time.Unix(0, 0)), EndTime: aws.Time(time.Unix(60, 0)),
				})
				return err
			},
		}
	})
}
