package video_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

func TestPartsCoverUploadWithinS3Limits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, video.MaxSourceBytes*100).Draw(t, "size")
		u := video.Upload{Size: size, PartSize: video.ChoosePartSize(size)}
		if u.PartCount() < 1 || u.PartCount() > 10_000 {
			t.Fatalf("%d parts", u.PartCount())
		}
		if u.PartSize < 5<<20 || u.PartSize > 5<<30 {
			t.Fatalf("parts of %d bytes", u.PartSize)
		}
		last := u.PartBytes(u.PartCount())
		if last < 1 || last > u.PartSize || int64(u.PartCount()-1)*u.PartSize+last != size {
			t.Fatalf("last part of %d bytes", last)
		}
	})
}

func TestStartUpload(t *testing.T) {
	t.Parallel()
	v := video.Video{Tenant: "acme", ID: "vid_1", Source: video.Source{Key: "t/acme/vid_1/source", Size: 100 << 30}}
	got, u := video.StartUpload(v, "upl_1", noon)
	want := video.Upload{
		Tenant: "acme", ID: "upl_1", Video: "vid_1", Key: v.Source.Key, Size: 100 << 30,
		PartSize: 16 << 20, Created: noon,
	}
	if d := cmp.Diff(want, u); d != "" {
		t.Error(d)
	}
	if got.State != video.Waiting || !got.Times.Created.Equal(noon) || !got.Deadline.At.After(noon) {
		t.Errorf("%+v", got)
	}
}

func TestErrorsDoNotExposeCauses(t *testing.T) {
	cause := errors.New("GET https://bucket/key?X-Amz-Signature=abc")
	err := fmt.Errorf("outer: %w", errs.E("blob.GetObject", errs.Transient, cause))
	if got := errs.KindOf(err); got != errs.Transient {
		t.Errorf("kind %s", got)
	}
	if p := errs.ProblemOf(err); p.Code != "internal" || strings.Contains(p.Message, "Signature") {
		t.Errorf("problem %v", p)
	}
	coded := errs.New("media.Inspect", errs.Invalid, "no_video", "There is no picture in it.")
	if p := errs.ProblemOf(coded); p.Code != "no_video" || p.Message != "There is no picture in it." {
		t.Errorf("problem %v", p)
	}
	if errs.KindOf(nil) != "" || errs.KindOf(cause) != errs.Internal {
		t.Error("nil has no kind, a foreign error is internal")
	}
}
