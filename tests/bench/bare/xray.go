//go:build bare_xray

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := xray.NewFromConfig(cfg)
		return calls{
			"xray.BatchGetTraces": func(ctx context.Context) error {
				_, err := client.BatchGetTraces(ctx, &xray.BatchGetTracesInput{TraceIds: []string{"t"}})
				return err
			},
		}
	})
}
