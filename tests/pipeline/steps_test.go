package pipeline_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/encode"
	"sluice/functions/inspect"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/ffmpeg/ffmpegtest"
	"sluice/shared/platform/source/sourcetest"
)

func TestMain(m *testing.M) {
	ffmpegtest.LeaveRoot()
	ffmpeg.InitSandbox()
	os.Exit(m.Run())
}

// After the last attempt the owner of the video gets a code and a sentence.
func TestExhaustedAttemptsFailWithMessage(t *testing.T) {
	mp4 := []byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom\x00\x00\x00\x08moov\x00\x00\x00\x08mdat")
	for code, err := range map[string]error{
		"encode_timeout": errs.New(
			"ffmpeg.Run", errs.Transient, "encode_timeout", "The video takes too long to process; export it smaller.",
		),
		"processing_failed": errs.E("blob.DownloadObject", errs.Transient, errors.New("no space left on device")),
	} {
		p := newLocalPipelineWith(t, sourcetest.FailingTools{Err: err}, mp4)
		p.deliverAll(t)
		if p.redeliveries == 0 || len(p.deadLetterReasons) != 1 {
			t.Errorf("%s: %d redeliveries, dead letters %q", code, p.redeliveries, p.deadLetterReasons)
		}
		p.redeliveries = 0
		p.requireOutcome(t, code)
	}
}

// The codecs that inspect accepts can be decoded in the sandbox, by the decoder that ffmpeg chooses.
func TestAcceptedCodecsCanBeDecoded(t *testing.T) {
	codecs := slices.Concat(media.VideoCodecs(), media.AudioCodecs())
	for _, c := range codecs {
		if !ffmpeg.CanDecode(c) {
			t.Errorf("%s is accepted but can't be decoded", c)
		}
	}
	list := string(runTool(t, findRealTools(t), "ffmpeg", "-codecs"))
	for _, c := range codecs {
		line := regexp.MustCompile(`(?m)^ D\S+ ` + c + ` .*$`).FindString(list)
		first := c
		if _, decoders, ok := strings.Cut(line, "(decoders: "); ok {
			first = strings.Fields(decoders)[0]
		}
		if line == "" || !ffmpeg.CanDecode(first) {
			t.Errorf("%s: decoder %s in %q", c, first, line)
		}
	}
}

// A real video passes inspect, encode and publish in one process, with the real ffmpeg in the sandbox.
func TestVideoPassesAllStepsInMemory(t *testing.T) {
	dir := ffmpegtest.FindTools(t)
	body, err := os.ReadFile(ffmpegtest.BuildPath("footage/bigbuckbunny.mp4"))
	if err != nil {
		t.Skip("no footage; `make tools` installs it")
	}
	originals, first := sourcetest.NewBucket(t, body, noon)
	env := newVideoEnv(t)
	real := ffmpeg.Tools{Dir: dir}
	steps := map[events.Type]func(context.Context, events.Event) ([]events.Event, error){
		events.ObjectCreated: inspect.Inspector{
			Source: originals, Indexes: originals, Tools: real, TempDir: t.TempDir(), Now: fixedNow,
		}.Handle,
		events.EncodeRequested: encode.Encoder{
			Source: originals, Media: env.media, Tools: real, TempDir: t.TempDir(), Now: fixedNow,
			Log: slog.New(slog.DiscardHandler),
		}.Handle,
	}
	var handled []events.Type
	for todo := []events.Event{first}; len(todo) > 0; todo = todo[1:] {
		e := todo[0]
		handled = append(handled, e.Type)
		step := env.newOwner().Handle
		if s, ok := steps[e.Type]; ok {
			step = s
		} else if strings.HasPrefix(string(e.Type), "video.") {
			continue
		}
		out, err := step(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		todo = append(todo, out...)
	}
	v := env.readVideo(t)
	if v.State != video.Ready {
		t.Fatalf("%s %v after %v", v.State, v.Problem, handled)
	}
	if v.Plan.FrameCount() != 132 {
		t.Errorf("%d frames, want 132", v.Plan.FrameCount())
	}
	var want []string
	for _, r := range []string{"360p", "480p", "720p", "audio"} {
		want = append(want, r+"/00001.m4s", r+"/00002.m4s", r+"/00003.m4s", r+"/index.m3u8", r+"/init.mp4")
	}
	want = append(want, "master.m3u8")
	got := env.media.ListKeys(playback.ObjectPrefix(playbackID))
	slices.Sort(got)
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], playback.ObjectPrefix(playbackID))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
