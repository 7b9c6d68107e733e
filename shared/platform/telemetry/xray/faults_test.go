package xray_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/awsclient/faults"
	"sluice/shared/platform/telemetry/xray"
)

// TestPromise7XRayFaultsEndCalls: reading a video's traces ends within the function's time, and as Transient.
func TestPromise7XRayFaultsEndCalls(t *testing.T) {
	t.Parallel()
	respond := func(status int, body string) faults.Answer {
		return faults.Respond(status, body, "Content-Type", "application/json")
	}
	refuse := func(status int, code string) faults.Answer {
		return faults.Respond(status, `{"Message":"no"}`, "Content-Type", "application/json", "X-Amzn-ErrorType", code)
	}
	faults.Suite{
		Calls: []faults.Call{{
			Name: "documents", Good: respond(200, `{"TraceSummaries":[]}`),
			Make: func(ctx context.Context, cfg aws.Config) error {
				_, _, err := xray.New(cfg).ReadDocuments(ctx, "vid_1", windows[:1])
				return err
			},
		}},
		Throttled: refuse(429, "ThrottledException"),
		Failed:    []faults.Answer{refuse(500, "InternalFailure"), respond(http.StatusServiceUnavailable, "")},
		Denied:    refuse(403, "AccessDeniedException"), Kind: errs.Transient,
	}.Run(t)
}
