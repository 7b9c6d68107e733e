//go:build bare_cloudfrontkeyvaluestore

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := cloudfrontkeyvaluestore.NewFromConfig(cfg)
		return calls{
			"cloudfrontkeyvaluestore.DescribeKeyValueStore": func(ctx context.Context) error {
				_, err := client.DescribeKeyValueStore(ctx,
					&cloudfrontkeyvaluestore.DescribeKeyValueStoreInput{KvsARN: aws.String("a")})
				return err
			},
		}
	})
}
