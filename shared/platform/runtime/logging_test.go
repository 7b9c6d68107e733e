package runtime

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/shared/domain/services"
	"sluice/shared/platform/telemetry/logs"
	"sluice/shared/platform/telemetry/metrics/metricstest"
	"sluice/shared/platform/telemetry/trace"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(functionEnv); kind != "" {
		runFunction(kind)
	}
	trace.SetService("test")
	os.Exit(m.Run())
}

func newTestRuntime(t *testing.T, service string) (Runtime, *bytes.Buffer) {
	t.Helper()
	s, ok := services.Lookup(service)
	if !ok {
		t.Fatal("no service " + service)
	}
	var out bytes.Buffer
	return NewFrom(s, logs.New(service, &out), aws.Config{}), &out
}

func invocationContext(t *testing.T) context.Context {
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "req-1"})
}

// The last line has the cost, too.
func TestRequestLogLinesNameTenantAndVideo(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(http.ResponseWriter){
		"answered": func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		"panic":    func(http.ResponseWriter) { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt, out := newTestRuntime(t, "api")
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rt.Log.InfoContext(r.Context(), "begins")
				AnnotateVideo(r.Context(), "acme", "vid_1")
				rt.Log.InfoContext(r.Context(), "continues")
				end(w)
			})
			_, err := rt.NewGatewayFunc(h, nil)(invocationContext(t), lambdaevents.APIGatewayProxyRequest{
				HTTPMethod: "GET", Path: "/v1/videos/vid_1", Resource: "/v1/videos/{id}",
				RequestContext: lambdaevents.APIGatewayProxyRequestContext{
					RequestID: "gw-1", Authorizer: map[string]any{"tenant": "acme"},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			metricstest.RequireLogFields(
				t, out.Bytes(),
				map[string]any{"request_id": "req-1", "tenant": "acme", "video": "vid_1", "service": "api"}, 1,
			)
			lines := metricstest.ReadLines(t, out.Bytes())
			last := lines[len(lines)-1]
			if last["route"] != "/v1/videos/{id}" || last["api_request_id"] != "gw-1" || last["seconds"] == nil {
				t.Errorf("the last line is %v", last)
			}
			if got := metricstest.ReadSamples(t, out.Bytes()); len(got) != 1 || got[0].Name != "Dollars" ||
				got[0].Number <= 0 {
				t.Errorf("metrics %v", got)
			}
		})
	}
}

// Only the first invocation has the cost of the start of the process, and says how long that took.
func TestStartupIsLoggedAndCountedOnce(t *testing.T) {
	t.Parallel()
	r, out := newTestRuntime(t, "encode")
	r.meter.startup = time.Hour
	for range 2 {
		if _, err := LogInvocationCost(r, func(context.Context, int) (int, error) {
			return 0, nil
		})(invocationContext(t), 0); err != nil {
			t.Fatal(err)
		}
	}
	lines, costs := metricstest.ReadLines(t, out.Bytes()), metricstest.ReadSamples(t, out.Bytes())
	if lines[0]["startup_seconds"] != 3600.0 || lines[1]["startup_seconds"] != nil {
		t.Errorf("startup %v, then %v", lines[0]["startup_seconds"], lines[1]["startup_seconds"])
	}
	if len(costs) != 2 || costs[0].Number < 0.1 || costs[1].Number > 0.001 {
		t.Errorf("costs %v", costs)
	}
}
