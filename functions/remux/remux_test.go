package remux_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/remux"
	"sluice/shared/domain/defragment/defragmenttest"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/sampletable"
	"sluice/shared/domain/sampletable/box"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source/sourcetest"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const copyPrefix = "c/acme/vid_1/"

// copyingTool stands for ffmpeg: it writes what it reads, and then fails with err.
type copyingTool struct {
	err  error
	runs int
}

func (c *copyingTool) Run(_ context.Context, r ffmpeg.Command) error {
	c.runs++
	if _, err := io.Copy(r.Stdout, r.Stdin); err != nil {
		return errors.New("the pipe broke")
	}
	return c.err
}

// bucket is a bucket that counts uploads that are not completed, and whose calls fail as a test wants.
type bucket struct {
	*blob.Memory
	open     map[string]bool // by id
	download func(from int64) error
	part     func(n int) error
}

func (b *bucket) CreateUpload(ctx context.Context, key, contentType string) (string, error) {
	id, err := b.Memory.CreateUpload(ctx, key, contentType)
	b.open[id] = true
	return id, err
}

func (b *bucket) AbortUpload(ctx context.Context, key, id string) error {
	delete(b.open, id)
	return b.Memory.AbortUpload(ctx, key, id)
}

func (b *bucket) CompleteUpload(ctx context.Context, key, id string, parts []blob.Part) (string, error) {
	delete(b.open, id)
	return b.Memory.CompleteUpload(ctx, key, id, parts)
}

func (b *bucket) UploadPart(ctx context.Context, key, id string, n int, body []byte) (blob.Part, error) {
	if b.part != nil {
		if err := b.part(n); err != nil {
			return blob.Part{}, err
		}
	}
	return b.Memory.UploadPart(ctx, key, id, n, body)
}

func (b *bucket) DownloadRange(ctx context.Context, key, etag string, from, length int64, w io.Writer) error {
	if b.download != nil {
		if err := b.download(from); err != nil {
			return err
		}
	}
	return b.Memory.DownloadRange(ctx, key, etag, from, length, w)
}

// remuxEnv is a Remuxer with an original, and the request to remux it.
type remuxEnv struct {
	remux.Remuxer
	bucket  *bucket
	tool    *copyingTool
	request events.Event
}

func newRemuxEnv(t *testing.T, body []byte) remuxEnv {
	t.Helper()
	b, first := sourcetest.NewBucket(t, body, noon)
	o := first.Data.(video.StoredObject)
	env := remuxEnv{bucket: &bucket{Memory: b, open: map[string]bool{}}, tool: &copyingTool{}}
	env.Remuxer = remux.Remuxer{
		Source: env.bucket, Copies: env.bucket, Tools: env.tool, TempDir: t.TempDir(),
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	}
	env.request = events.New("acme", "vid_1", noon, video.RemuxRequested{
		UploadedAt: noon, Source: video.Source{Key: o.Key, Size: o.Size, ETag: o.ETag},
		Streams: video.Streams{Container: "matroska", Rate: video.Rate{Num: 25, Den: 1}},
	})
	return env
}

// handle returns the data of the event that a request leads to; nil if there is none.
func (env remuxEnv) handle(t *testing.T) any {
	t.Helper()
	out, err := env.Handle(t.Context(), env.request)
	if err != nil {
		t.Fatal(err)
	}
	env.requireNoLeftovers(t)
	if len(out) == 0 {
		return nil
	}
	return out[0].Data
}

// requireNoLeftovers fails if there is an upload that was neither completed nor aborted, or a file.
func (env remuxEnv) requireNoLeftovers(t *testing.T) {
	t.Helper()
	if len(env.bucket.open) > 0 {
		t.Error("an upload is neither completed nor aborted")
	}
	if files, _ := os.ReadDir(env.TempDir); len(files) > 0 {
		t.Errorf("%d files are left", len(files))
	}
}

const fragmentCount = 9 // of 2 MiB

// buildFragments returns a fragmented MP4 of several parts of an upload.
func buildFragments() []byte {
	var fragments [][]defragmenttest.Sample
	for range fragmentCount {
		fragments = append(fragments, []defragmenttest.Sample{{Duration: 640, Size: 1 << 20, CTS: 640, Key: true}})
	}
	return defragmenttest.BuildFile(fragments)
}

// The copy is a plain MP4 with all samples. A duplicate of the request finds it, and remuxes nothing.
func TestCopyIsMadeOnce(t *testing.T) {
	t.Parallel()
	env := newRemuxEnv(t, buildFragments())
	done, ok := env.handle(t).(video.RemuxDone)
	if !ok || done.Copy == nil || done.Copy.Rate.Num != 25 {
		t.Fatalf("%+v", done)
	}
	keys := env.bucket.ListKeys(copyPrefix)
	if len(keys) != 1 || keys[0] != copyPrefix+done.ETag {
		t.Fatalf("%v", keys)
	}
	var body bytes.Buffer
	if err := env.bucket.DownloadObject(t.Context(), keys[0], done.Copy.ETag, &body); err != nil {
		t.Fatal(err)
	}
	top, err := box.List(body.Bytes())
	if err != nil || len(top) != 3 || int64(body.Len()) != done.Copy.Size {
		t.Fatal(len(top), body.Len(), err)
	}
	m, err := sampletable.ParseMovie(top[2].Data, int64(body.Len()))
	if err != nil || len(m.Tracks[0].Samples) != fragmentCount {
		t.Errorf("%d tracks, %v", len(m.Tracks), err)
	}
	if d := cmp.Diff(any(done), env.handle(t)); d != "" || env.tool.runs != 1 {
		t.Errorf("%d runs: %s", env.tool.runs, d)
	}
}

// Two deliveries of the request at the same time make the same copy.
func TestSecondCopyIsSame(t *testing.T) {
	t.Parallel()
	var etags []string
	for range 2 {
		done, _ := newRemuxEnv(t, buildFragments()).handle(t).(video.RemuxDone)
		etags = append(etags, done.Copy.ETag)
	}
	if etags[0] != etags[1] {
		t.Error(etags)
	}
}

// An error that another attempt may not have is retried; each attempt leaves nothing behind.
func TestFailedAttemptLeavesNothing(t *testing.T) {
	t.Parallel()
	broken := errs.E("test", errs.Transient, errors.New("connection reset"))
	for name, breakIt := range map[string]func(env remuxEnv){
		"a range can't be read":   func(env remuxEnv) { env.bucket.download = func(int64) error { return broken } },
		"a part can't be written": func(env remuxEnv) { env.bucket.part = func(int) error { return broken } },
		"the first part can't": func(env remuxEnv) {
			env.bucket.part = func(n int) error { return map[int]error{1: broken}[n] }
		},
		"ffmpeg is stopped": func(env remuxEnv) { env.tool.err = broken },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newRemuxEnv(t, buildFragments())
			breakIt(env)
			if out, err := env.Handle(t.Context(), env.request); errs.KindOf(err) != errs.Transient || out != nil {
				t.Fatalf("%v %v", out, err)
			}
			env.requireNoLeftovers(t)
			if keys := env.bucket.ListKeys(copyPrefix); len(keys) > 0 {
				t.Error(keys)
			}
			env.bucket.download, env.bucket.part, env.tool.err = nil, nil, nil
			if done, ok := env.handle(t).(video.RemuxDone); !ok || done.Copy == nil {
				t.Error("the next attempt fails")
			}
		})
	}
}

// One range that breaks off is read again, not the whole original.
func TestBrokenRangeIsReadAgain(t *testing.T) {
	t.Parallel()
	env := newRemuxEnv(t, buildFragments())
	failed := make(chan bool, 1)
	env.bucket.download = func(from int64) error {
		if from > 0 {
			select {
			case failed <- true:
				return errs.E("test", errs.Transient, errors.New("connection reset"))
			default:
			}
		}
		return nil
	}
	if done, ok := env.handle(t).(video.RemuxDone); !ok || done.Copy == nil || len(failed) == 0 {
		t.Errorf("%+v", done)
	}
}

// What can't be copied is read as a whole; an original that is gone fails the video, and one that was replaced has an
// event of its own.
func TestOriginalsThatCannotBeCopied(t *testing.T) {
	t.Parallel()
	env := newRemuxEnv(t, []byte("this is no fragmented MP4"))
	if done, ok := env.handle(t).(video.RemuxDone); !ok || done.Copy != nil {
		t.Errorf("no MP4: %+v", done)
	}
	env = newRemuxEnv(t, buildFragments())
	env.tool.err = errs.New("test", errs.Invalid, "decode_failed", "It is damaged.")
	if done, ok := env.handle(t).(video.RemuxDone); !ok || done.Copy != nil {
		t.Errorf("refused by ffmpeg: %+v", done)
	}
	env.tool.err = nil
	if err := env.bucket.PutObject(
		t.Context(), sourcetest.Key, bytes.NewReader(make([]byte, 50)), blob.Metadata{},
	); err != nil {
		t.Fatal(err)
	}
	if out := env.handle(t); out != nil {
		t.Errorf("replaced: %+v", out)
	}
	if _, err := env.bucket.DeletePrefix(t.Context(), sourcetest.Key); err != nil {
		t.Fatal(err)
	}
	if p, ok := env.handle(t).(video.MediaRefused); !ok || p.Problem.Code != "source_gone" {
		t.Errorf("gone: %+v", p)
	}
}

// After the last attempt the video fails with a code and a sentence.
func TestExhaustedAttemptsFailVideo(t *testing.T) {
	t.Parallel()
	env := newRemuxEnv(t, nil)
	out := env.OnExhausted(env.request, errs.New("test", errs.Transient, "encode_timeout", "It takes too long."))
	p, ok := out[0].Data.(video.MediaRefused)
	if !ok || p.Problem.Code != "encode_timeout" || !p.UploadedAt.Equal(noon) {
		t.Errorf("%+v", out)
	}
}
