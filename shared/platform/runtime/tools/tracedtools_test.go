package tools

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/runtime/runtimetest"
	"sluice/shared/platform/telemetry/metrics/metricstest"
)

// Without a span, nothing is recorded. A run of ffmpeg is logged, also if it failed.
func TestTracedToolsReturnErrorsUnchanged(t *testing.T) {
	r, out := runtimetest.New(t, "encode")
	broken := tracedTools{ffmpeg.Tools{Dir: t.TempDir()}, r.Log}
	if err := broken.Run(
		t.Context(), ffmpeg.Command{Dir: t.TempDir(), File: "../out of it", Container: "mov"},
	); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffmpeg: %v, want Internal", err)
	}
	if _, err := broken.ProbeStreams(t.Context(), t.TempDir(), "in", ""); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffprobe: %v, want Internal", err)
	}
	if _, err := broken.ProbePackets(t.Context(), t.TempDir(), "in", "", 0); errs.KindOf(err) != errs.Internal {
		t.Errorf("ffprobe packets: %v, want Internal", err)
	}
	line := metricstest.ReadLines(t, out.Bytes())[0]
	if line["message"] != "ffmpeg ended" || line["cpu_seconds"] != 0.0 || line["seconds"] == nil {
		t.Errorf("logged %v", line)
	}
}

func TestSizeOfReadOriginalsIsLogged(t *testing.T) {
	t.Parallel()
	r, log := runtimetest.New(t, "encode")
	in := &blob.Memory{}
	if err := in.PutObject(t.Context(), "k", strings.NewReader("hello"), blob.Metadata{}); err != nil {
		t.Fatal(err)
	}
	info, err := in.HeadObject(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := (loggedOriginals{in, r.Log}).DownloadObject(t.Context(), "k", info.ETag, &got); err != nil {
		t.Fatal(err)
	}
	err = loggedOriginals{in, r.Log}.DownloadObject(t.Context(), "none", info.ETag, &got)
	if errs.KindOf(err) != errs.NotFound {
		t.Errorf("%v, want NotFound", err)
	}
	lines := metricstest.ReadLines(t, log.Bytes())
	if got.String() != "hello" || len(lines) != 1 || lines[0]["message"] != "original read" ||
		lines[0]["bytes"] != 5.0 || lines[0]["seconds"] == nil {
		t.Errorf("read %q, logged %v", got.String(), lines)
	}
}

func TestSandboxIsLoggedAndCounted(t *testing.T) {
	t.Parallel()
	r, out := runtimetest.New(t, "encode")
	logSandbox(r.Log, ffmpeg.Sandbox{Layers: ffmpeg.LambdaLayers, Reason: "seccomp: operation not permitted"})
	logSandbox(r.Log, ffmpeg.Sandbox{Err: errors.New("no child could be started")})
	if diff := cmp.Diff(
		[]string{"SandboxStart[lambda]=1", "SandboxStart[none]=1"}, metricstest.ReadTexts(t, out.Bytes()),
	); diff != "" {
		t.Error(diff)
	}
	lines := metricstest.ReadLines(t, out.Bytes())
	if len(lines) != 3 || lines[0]["sandbox"] != "lambda" || lines[0]["reason"] == "" || lines[2]["error"] == nil {
		t.Errorf("logged %v", lines)
	}
}
