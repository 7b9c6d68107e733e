package fetch_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/functions/fetch"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

func TestAnObjectIsCopied(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"a byte": 1, "one part": partSize, "a byte more": partSize + 1, "many parts": 3*partSize + 7} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, body := newWorld(t), film(size)
			etag := w.put(t, body)
			if code, err := w.deliver(t, nil, video.Origin{Bucket: "acme-masters", Key: master, ETag: etag}); code != "" || err != nil {
				t.Fatal(code, err)
			}
			w.fetched(t, body)
		})
	}
}

// What is there when a delivery ends is not copied again at the next.
func TestACopyGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	w, body := newWorld(t), film(5*partSize+7)
	w.put(t, body)
	o := video.Origin{Bucket: "acme-masters", Key: master}
	w.only(2)
	if _, err := w.deliver(t, nil, o); errs.KindOf(err) != errs.Transient {
		t.Fatalf("%v, want Transient", err)
	}
	if n := len(w.parts(t)); n != 3 { // and the note
		t.Fatalf("parts %v", w.parts(t))
	}
	w.only(0)
	if code, err := w.deliver(t, nil, o); code != "" || err != nil {
		t.Fatal(code, err)
	}
	if len(w.took) != 4 {
		t.Errorf("parts %v copied, where 4 were missing", w.took)
	}
	w.fetched(t, body)
	if code, err := w.deliver(t, nil, o); code != "" || err != nil {
		t.Errorf("after it is done: %q, %v", code, err)
	}
}

// No two versions are mixed, though each delivery has seen only one.
func TestAnObjectThatIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, film(2*partSize))
	o := video.Origin{Bucket: "acme-masters", Key: master}
	w.only(1)
	if _, err := w.deliver(t, nil, o); errs.KindOf(err) != errs.Transient {
		t.Fatalf("%v, want Transient", err)
	}
	w.only(0)
	w.put(t, film(2 * partSize)[1:])
	if code, _ := w.deliver(t, nil, o); code != "source_replaced" {
		t.Errorf("says %q", code)
	}
}

func TestObjectsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    video.Origin
		code string
	}{
		{"not registered", video.Origin{Bucket: "not-registered", Key: master}, "bucket_not_registered"},
		{"Sluice's own, though registered", video.Origin{Bucket: "sluice-data", Key: master}, "bucket_not_registered"},
		{"an alias, though registered", video.Origin{Bucket: "acme-s3alias", Key: master}, "bucket_not_registered"},
		{"an ARN, though registered", video.Origin{Bucket: "arn:aws:s3:::acme-masters", Key: master}, "bucket_not_registered"},
		{"not there", video.Origin{Bucket: "acme-masters", Key: "other"}, "object_not_found"},
		{"another version", video.Origin{Bucket: "acme-masters", Key: master, ETag: "e"}, "source_replaced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.put(t, []byte("x"))
			if code, err := w.deliver(t, nil, tt.o); code != tt.code {
				t.Errorf("%q, %v, want %s", code, err, tt.code)
			}
			if diff := cmp.Diff([]int(nil), w.parts(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// answers stands for S3 where it says something that Memory does not.
type answers struct {
	fetch.Objects
	info blob.Info
	err  error
}

func (a answers) Look(context.Context, string, string) (blob.Info, error) { return a.info, a.err }

func TestWhatS3SaysOfAnObject(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		answers
		kind errs.Kind
		code string
	}{
		{"empty", answers{}, "", "empty"},
		{"too large", answers{info: blob.Info{Size: video.MaxSourceBytes + 1}}, "", "source_too_large"},
		{"forbidden", answers{err: errs.Refuse("s3", errs.Forbidden, "object_forbidden", "No.")}, "", "object_forbidden"},
		{"S3's bad day", answers{err: errReset}, errs.Transient, ""},
		{"a bug of ours", answers{err: errors.New("bug")}, errs.Internal, ""},
		{"a bug without a name", answers{err: errs.E("x", errs.Invalid, nil)}, errs.Invalid, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := fetch.Fetcher{Into: w, From: tt.answers, Producers: []string{"acme-masters"}, Now: now}
			out, err := f.Handle(t.Context(), requested(w, video.Origin{Bucket: "acme-masters", Key: master}))
			if errs.KindOf(err) != tt.kind {
				t.Fatalf("%v, want %q", err, tt.kind)
			}
			if tt.code != "" && out[0].Data.(video.FetchFailed).Problem.Code != tt.code {
				t.Errorf("says %v", out[0].Data)
			}
		})
	}
}
