package secrets

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/platform/awsclient"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/runtime"
)

// TestPromise7SecretFaultsEndCalls: reading a secret ends within the function's time.
func TestPromise7SecretFaultsEndCalls(t *testing.T) {
	refuse := func(status int, code string) faults.Answer {
		return faults.Respond(status, `{"__type":"`+code+`"}`, "Content-Type", "application/x-amz-json-1.1")
	}
	faults.Suite{
		Calls: []faults.Call{{
			Name: "secret",
			Good: faults.Respond(200, `{"SecretString":"s"}`, "Content-Type", "application/x-amz-json-1.1"),
			Make: func(ctx context.Context, cfg aws.Config) error {
				_, err := NewReader(runtime.NewFrom(services.Service{}, nil, cfg), "SLUICE_KEY")(ctx)
				if awsclient.IsTransient(err) {
					return errs.E("test", errs.Transient, err)
				}
				return err
			},
		}},
		Throttled: refuse(400, "ThrottlingException"),
		Failed:    []faults.Answer{refuse(500, "InternalServiceError"), faults.Respond(503, "")},
		Denied:    refuse(400, "ResourceNotFoundException"), Kind: errs.Internal,
	}.Run(t)
}
