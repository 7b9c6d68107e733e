package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
)

// startXRayDaemon starts a fake X-Ray daemon and returns a context whose spans are sent to it.
func startXRayDaemon(t *testing.T) (context.Context, net.Conn) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	emitter, err := xray.NewDefaultEmitter(conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	return context.WithValue(t.Context(), xray.RecorderContextKey{}, &xray.Config{Emitter: emitter}), conn
}

// recordedSpan has the members of a span that tests read.
type recordedSpan struct {
	Name         string
	Fault, Error bool
	Annotations  map[string]any
	HTTP         struct{ Response struct{ Status int } }
}

// readSpan returns the next span that was sent.
func readSpan(t *testing.T, conn net.Conn) (r recordedSpan) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	_, doc, _ := bytes.Cut(buf[:n], []byte("\n"))
	if err := json.Unmarshal(doc, &r); err != nil {
		t.Fatal(err)
	}
	delete(r.Annotations, "cold_start") // depends on the order of tests
	return r
}

// A client that polls must not fill the video's trace.
func TestRequestSpansNameTheVideoOnlyForWrites(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]map[string]any{
		"POST":   {"service": "test", "video_id": "vid_1", "tenant": "acme"},
		"DELETE": {"service": "test", "video_id": "vid_1", "tenant": "acme"},
		"GET":    {"service": "test"},
	} {
		ctx, conn := startXRayDaemon(t)
		r, _ := newTestRuntime(t, "api")
		_, err := r.traceRequests(func(
			ctx context.Context, _ lambdaevents.APIGatewayProxyRequest,
		) (out lambdaevents.APIGatewayProxyResponse, _ error) {
			AnnotateVideo(ctx, "acme", "vid_1")
			out.StatusCode = http.StatusNotFound
			return out, nil
		})(ctx, lambdaevents.APIGatewayProxyRequest{HTTPMethod: method})
		if err != nil {
			t.Fatal(err)
		}
		got := readSpan(t, conn)
		if d := cmp.Diff(want, got.Annotations); d != "" || !got.Error || got.HTTP.Response.Status != 404 {
			t.Errorf("%s: %+v, annotations (-want +got):\n%s", method, got, d)
		}
	}
}

// A span has the video of the event, or the one that the handler annotates, and the code of the error.
func TestMessageSpansNameVideoAndErrorCode(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]MessageSpan{"named": {Tenant: "acme", Video: "vid_1"}, "named later": {}} {
		ctx, conn := startXRayDaemon(t)
		ctx, end := StartMessageSpan(ctx, lambdaevents.SQSMessage{}, s)
		if s.Video == "" {
			AnnotateVideo(ctx, "acme", "vid_1")
		}
		end(errs.New("test", errs.Invalid, "not_media", "This is no video."))
		got := readSpan(t, conn)
		want := map[string]any{"service": "test", "video_id": "vid_1", "tenant": "acme", "code": "not_media"}
		if d := cmp.Diff(want, got.Annotations); d != "" || !got.Error {
			t.Errorf("%s: %+v, annotations (-want +got):\n%s", name, got, d)
		}
	}
}

func TestScheduledRunsAreTraced(t *testing.T) {
	t.Parallel()
	ctx, conn := startXRayDaemon(t)
	broken := errors.New("broken")
	if err := traceScheduled(func(context.Context, map[string]any) error {
		return broken
	})(ctx, nil); err != broken {
		t.Errorf("returned %v", err)
	}
	if got := readSpan(t, conn); !got.Fault || got.Name != "test" {
		t.Errorf("recorded %+v", got)
	}
}

// TestPromise7ScheduledRunEndsBeforeDeadline: what waits for its context leaves time to report.
func TestPromise7ScheduledRunEndsBeforeDeadline(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	if err := traceScheduled(func(ctx context.Context, _ map[string]any) error {
		if d, _ := ctx.Deadline(); end.Sub(d) < time.Second {
			t.Errorf("the run may last until %v before the deadline", end.Sub(d))
		}
		return nil
	})(ctx, nil); err != nil {
		t.Error(err)
	}
}
