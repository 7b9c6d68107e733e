package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

// functionEnv makes the test binary run as a function whose second invocation has a reason to end the process.
const functionEnv = "SLUICE_TEST_FUNCTION"

func runFunction(kind string) {
	n := 0
	handle := func(_ context.Context, in map[string]string) (map[string]string, error) {
		n++
		if n == 2 && kind == "fails" {
			return nil, errors.New("failed")
		}
		return map[string]string{"got": in["send"] + "<&>"}, nil
	}
	reason := func() string {
		if n == 2 {
			return "a tool crashed"
		}
		return ""
	}
	lambda.Start(exitAfterResponse(handle, reason, func(why string) {
		fmt.Println("ends:", why)
		os.Exit(0)
	}))
}

// fakeRuntimeAPI is Lambda's Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
type fakeRuntimeAPI struct {
	mu    sync.Mutex
	calls []string
}

func (f *fakeRuntimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	call := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/")
	if strings.HasSuffix(call, "/response") {
		time.Sleep(100 * time.Millisecond) // a process that does not wait for this response would have ended
		call += " " + r.Header.Get("Content-Type") + " " + string(body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	if call != "next" {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	h := w.Header()
	h.Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint("r", len(f.calls)))
	h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
	fmt.Fprintf(w, `{"send":"e%d"}`, len(f.calls))
}

func TestProcessEndsAfterItsResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind, output string
		code         int
		calls        []string
	}{
		{"succeeds", "ends: a tool crashed", 0, []string{
			"next", `r1/response application/json {"got":"e1<&>"}`, "next",
			`r3/response application/json {"got":"e3<&>"}`,
		}},
		{
			"fails", "should exit", 1,
			[]string{"next", `r1/response application/json {"got":"e1<&>"}`, "next", "r3/error"},
		},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			api := &fakeRuntimeAPI{}
			server := httptest.NewServer(api)
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "/proc/self/exe")
			cmd.Env = append(
				os.Environ(), functionEnv+"="+tt.kind, "AWS_LAMBDA_RUNTIME_API="+server.Listener.Addr().String(),
			)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != tt.code || !strings.Contains(string(out), tt.output) {
				t.Errorf("%v: %s", err, out)
			}
			api.mu.Lock()
			defer api.mu.Unlock()
			if diff := cmp.Diff(tt.calls, api.calls); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The services that run tools are those with the tools' layer: their main calls InitSandbox.
func TestServicesWithToolsInitializeSandbox(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		main, err := os.ReadFile("../../../functions/" + s.Name + "/bootstrap/main.go")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Contains(string(main), "\tffmpeg.InitSandbox()\n"), s.Layer == "ffmpeg"; got != want {
			t.Errorf("%s calls InitSandbox: %t, want %t", s.Name, got, want)
		}
	}
}
