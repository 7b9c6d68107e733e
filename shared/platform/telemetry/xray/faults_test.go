package xray_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

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

// TestUnprocessedTracesAreReadAgain: a trace that X-Ray leaves out of its answer is asked for once more.
func TestUnprocessedTracesAreReadAgain(t *testing.T) {
	t.Parallel()
	const left = `{"Traces":[],"UnprocessedTraceIds":["t1"]}`
	const read = `{"Traces":[{"Id":"t1","Segments":[{"Document":"d"}]}]}`
	respond := func(body string) faults.Answer { return faults.Respond(200, body, "Content-Type", "application/json") }
	for name, row := range map[string]struct {
		answers   []string
		documents int
		more      bool
	}{"left once": {[]string{left, read}, 1, false}, "left twice": {[]string{left, left, read}, 0, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				answers := []faults.Answer{respond(`{"TraceSummaries":[{"Id":"t1"}]}`)}
				for _, body := range row.answers {
					answers = append(answers, respond(body))
				}
				r := xray.New(faults.NewServer(t, answers...).Config(20 * time.Second))
				got, more, err := r.ReadDocuments(t.Context(), "vid_1", windows[:1])
				if len(got) != row.documents || more != row.more || err != nil {
					t.Errorf("%d documents, more %v, %v", len(got), more, err)
				}
			})
		})
	}
}
