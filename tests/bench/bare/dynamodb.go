//go:build bare_dynamodb

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func init() {
	clients = append(clients, func(cfg aws.Config) calls {
		client := dynamodb.NewFromConfig(cfg)
		return calls{
			"dynamodb.GetItem": func(ctx context.Context) error {
				_, err := client.GetItem(ctx, &dynamodb.GetItemInput{
					TableName: aws.String("t"),
					Key:       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "k"}},
				})
				return err
			},
			"dynamodb.Query": func(ctx context.Context) error {
				_, err := client.Query(ctx, &dynamodb.QueryInput{
					TableName: aws.String("t"), KeyConditionExpression: aws.String("pk = :k"),
					ExpressionAttributeValues: map[string]types.AttributeValue{
						":k": &types.AttributeValueMemberS{Value: "k"},
					},
				})
				return err
			},
		}
	})
}
