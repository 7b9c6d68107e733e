//go:build bare_sqs

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := sqs.NewFromConfig(cfg)
		return calls{
			"sqs.SendMessage": func(ctx context.Context) error {
				_, err := client.SendMessage(ctx,
					&sqs.SendMessageInput{QueueUrl: aws.String("q"), MessageBody: aws.String("m")})
				return err
			},
			"sqs.SendMessageBatch": func(ctx context.Context) error {
				_, err := client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{
					QueueUrl: aws.String("q"),
					Entries: []types.SendMessageBatchRequestEntry{
						{Id: aws.String("0"), MessageBody: aws.String("m")},
					},
				})
				return err
			},
			"sqs.ChangeMessageVisibility": func(ctx context.Context) error {
				_, err := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
					QueueUrl: aws.String("q"), ReceiptHandle: aws.String("r"), VisibilityTimeout: 1,
				})
				return err
			},
		}
	})
}
