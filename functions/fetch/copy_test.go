package fetch_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/functions/fetch"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func TestProducerObjectIsCopied(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"a byte": 1, "one part": partSize, "a byte more": partSize + 1, "many parts": 3*partSize + 7,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, body := newFetchEnv(t), testBytes(size)
			etag := env.putMaster(t, body)
			if code, err := env.deliverEvent(
				t, nil, video.Origin{Bucket: "acme-masters", Key: masterKey, ETag: etag},
			); code != "" || err != nil {
				t.Fatal(code, err)
			}
			env.requireOriginal(t, body)
		})
	}
}

// The parts that one delivery has copied are not copied again by the next.
func TestCopyResumesWithMissingParts(t *testing.T) {
	t.Parallel()
	env, body := newFetchEnv(t), testBytes(5*partSize+7)
	env.putMaster(t, body)
	o := video.Origin{Bucket: "acme-masters", Key: masterKey}
	env.failAfterParts(2)
	if _, err := env.deliverEvent(t, nil, o); errs.KindOf(err) != errs.Transient {
		t.Fatalf("%v, want Transient", err)
	}
	if n := len(env.listPartNumbers(t)); n != 3 { // two, and the one with the version
		t.Fatalf("parts %v", env.listPartNumbers(t))
	}
	env.failAfterParts(0)
	if code, err := env.deliverEvent(t, nil, o); code != "" || err != nil {
		t.Fatal(code, err)
	}
	if len(env.writtenParts) != 4 {
		t.Errorf("parts %v copied, where 4 were missing", env.writtenParts)
	}
	env.requireOriginal(t, body)
	if code, err := env.deliverEvent(t, nil, o); code != "" || err != nil {
		t.Errorf("after completion: %q, %v", code, err)
	}
}

// Versions are not mixed, though each delivery has seen only one.
func TestObjectReplacedDuringCopyFails(t *testing.T) {
	t.Parallel()
	env := newFetchEnv(t)
	env.putMaster(t, testBytes(2*partSize))
	o := video.Origin{Bucket: "acme-masters", Key: masterKey}
	env.failAfterParts(1)
	if _, err := env.deliverEvent(t, nil, o); errs.KindOf(err) != errs.Transient {
		t.Fatalf("%v, want Transient", err)
	}
	env.failAfterParts(0)
	env.putMaster(t, testBytes(2 * partSize)[1:])
	if code, _ := env.deliverEvent(t, nil, o); code != "source_replaced" {
		t.Errorf("code %q, want source_replaced", code)
	}
}

func TestForeignBucketsAndMissingObjectsAreRejected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    video.Origin
		code string
	}{
		{"not registered", video.Origin{Bucket: "not-registered", Key: masterKey}, "bucket_not_registered"},
		{
			"Sluice's own, though registered", video.Origin{Bucket: "sluice-data", Key: masterKey},
			"bucket_not_registered",
		},
		{"an alias, though registered", video.Origin{Bucket: "acme-s3alias", Key: masterKey}, "bucket_not_registered"},
		{
			"an ARN, though registered", video.Origin{Bucket: "arn:aws:s3:::acme-masters", Key: masterKey},
			"bucket_not_registered",
		},
		{"not there", video.Origin{Bucket: "acme-masters", Key: "other"}, "object_not_found"},
		{"another version", video.Origin{Bucket: "acme-masters", Key: masterKey, ETag: "e"}, "source_replaced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := newFetchEnv(t)
			env.putMaster(t, []byte("x"))
			if code, err := env.deliverEvent(t, nil, tt.o); code != tt.code {
				t.Errorf("%q, %v, want %s", code, err, tt.code)
			}
			if diff := cmp.Diff([]int(nil), env.listPartNumbers(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// fakeS3 returns what blob.Memory never does.
type fakeS3 struct {
	fetch.ProducerObjects
	info video.StoredObject
	err  error
}

func (f fakeS3) HeadObjectInBucket(context.Context, string, string) (video.StoredObject, error) {
	return f.info, f.err
}

func TestObjectSizeAndS3Errors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fakeS3
		kind errs.Kind
		code string
	}{
		{"empty", fakeS3{}, "", "empty"},
		{"too large", fakeS3{info: video.StoredObject{Size: video.MaxSourceBytes + 1}}, "", "source_too_large"},
		{"forbidden", fakeS3{err: errs.New("s3", errs.Forbidden, "object_forbidden", "No.")}, "", "object_forbidden"},
		{"a transient error", fakeS3{err: errReset}, errs.Transient, ""},
		{"an internal error", fakeS3{err: errors.New("bug")}, errs.Internal, ""},
		{"an error without a code", fakeS3{err: errs.E("x", errs.Invalid, nil)}, errs.Invalid, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := newFetchEnv(t)
			f := fetch.Fetcher{
				Uploads: env, Objects: tt.fakeS3, AllowedBuckets: []string{"acme-masters"}, Now: fixedNow,
			}
			out, err := f.Handle(
				t.Context(), newFetchRequested(env, video.Origin{Bucket: "acme-masters", Key: masterKey}),
			)
			if errs.KindOf(err) != tt.kind {
				t.Fatalf("%v, want %q", err, tt.kind)
			}
			if tt.code != "" && out[0].Data.(video.FetchFailed).Problem.Code != errs.Code(tt.code) {
				t.Errorf("event %v, want code %s", out[0].Data, tt.code)
			}
		})
	}
}
