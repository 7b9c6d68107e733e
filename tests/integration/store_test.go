//go:build integration

package integration

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/services"
	"sluice/shared/platform/store"
	"sluice/shared/platform/store/storetest"
	"sluice/tests/longtest"
)

func TestStoreConformance(t *testing.T) {
	client := dynamodb.NewFromConfig(loadCheckedConfig(t))
	s := store.NewDynamoDB(client, createTable(t, client))
	storetest.Run(t, func(testing.TB) store.Store { return s })
}

// TestHistoriesOfCloudAreLinearizable checks some 400 calls, or 10,000 in a long run.
func TestHistoriesOfCloudAreLinearizable(t *testing.T) {
	rounds := 1
	if longtest.Enabled() {
		rounds = 25
	}
	client := dynamodb.NewFromConfig(loadCheckedConfig(t))
	calls, err := storetest.CheckHistories(t.Context(), store.NewDynamoDB(client, createTable(t, client)), rounds)
	if err != nil || calls < 400*rounds {
		t.Errorf("%d calls: %v", calls, err)
	}
}

// createTable creates a table with the keys and indexes that infra sets, and removes it after the test.
func createTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	name := temporaryName("store")
	in := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: keySchema("pk", "sk"),
	}
	for _, attribute := range []string{"pk", "sk", "owner", "external", "created", "due_shard", "due"} {
		in.AttributeDefinitions = append(
			in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: &attribute, AttributeType: types.ScalarAttributeTypeS},
		)
	}
	listed := &types.Projection{
		ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: services.ListedAttributes,
	}
	in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{
		{IndexName: aws.String(services.ByTenant), KeySchema: keySchema("owner", "created"), Projection: listed},
		{IndexName: aws.String(services.ByExternal), KeySchema: keySchema("external", "created"), Projection: listed},
		{
			IndexName: aws.String(services.ByDeadline), KeySchema: keySchema("due_shard", "due"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		},
	}
	_, err := client.CreateTable(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(
			context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name},
		); err != nil {
			t.Error(err)
		}
	})
	made := dynamodb.NewTableExistsWaiter(client)
	if err := made.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return name
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &partition, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}
