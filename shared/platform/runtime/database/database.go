// Package database opens the store of rows, in DynamoDB, for functions. Its rights are those of package store.
package database

import (
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
	"sluice/shared/platform/store"
)

// Open returns the store of rows.
func Open(r runtime.Runtime) store.Store {
	return store.NewDynamoDB(dynamodb.NewFromConfig(r.AWSConfig()), os.Getenv(services.EnvTable))
}
