package ingest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/api/ingest"
	"sluice/functions/api/rejection"
	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/quota"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/store"
	"sluice/shared/platform/telemetry/metrics"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	archiveSender = "AROAARCHIVE000000000"
	studioSender  = "AIDASTUDIO0000000000"
	deleteSender  = "AIDADELETE0000000000" // may not create videos
)

// fixture is a ProducerHandler over an in-memory store and bucket. It is the store of its VideoCreator.
type fixture struct {
	ingest.ProducerHandler
	rows         store.Store
	s3           *blob.Memory
	annotated    []string     // arguments of AnnotateVideo
	beforeCreate func() error // called before rows are created; may be nil
}

func (f *fixture) CreateVideo(ctx context.Context, v video.Video, u video.Upload) error {
	if f.beforeCreate != nil {
		if err := f.beforeCreate(); err != nil {
			return err
		}
	}
	return f.rows.CreateVideo(ctx, v, u)
}

func (f *fixture) CheckQuota(ctx context.Context, v video.Video) error {
	return f.rows.CheckQuota(ctx, v)
}

func (f *fixture) LoadVideo(ctx context.Context, tenant, id string) (video.Video, error) {
	return f.rows.LoadVideo(ctx, tenant, id)
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	fx := &fixture{rows: store.NewMemory(), s3: &blob.Memory{}}
	playbacks := 0
	fx.Creator = ingest.VideoCreator{Videos: fx, Multipart: fx.s3, Now: func() time.Time {
		return noon
	}, NewPlaybackID: func() (string, error) {
		playbacks++
		return "pacme" + strings.Repeat("2", playbacks), nil
	}}
	fx.Producers = fx.rows
	fx.TraceHeader = func(context.Context) string { return "Root=1-x" }
	fx.AnnotateVideo = func(_ context.Context, tenant, video string) {
		fx.annotated = append(fx.annotated, tenant, video)
	}
	for _, p := range []access.Producer{
		{Sender: archiveSender, Bucket: "masters", Prefix: "acme/", Tenant: "acme"},
		{Sender: archiveSender, Bucket: "masters", Prefix: "acme/kids/", Tenant: "kids"},
		{Sender: archiveSender, Bucket: "sluice-source-1", Tenant: "acme"},
		{Sender: archiveSender, Bucket: "masters", Prefix: "acme/old/", Tenant: "acme", Commands: []string{"delete"}},
		{Sender: studioSender, Bucket: "cuts", Tenant: "acme"},
		{Sender: deleteSender, Bucket: "cuts", Tenant: "acme", Commands: []string{"delete"}},
	} {
		p.ID = access.ProducerID(p.Sender, p.Bucket, p.Prefix)
		if err := fx.rows.CreateProducer(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return fx
}

// newUploadRequest returns an event as the queue delivers it.
func newUploadRequest(sender string, o video.Origin) events.Event {
	return events.Event{
		ID: "4711", Type: events.UploadRequested, Source: "urn:acme", Sender: sender, Time: noon,
		Trace: "Root=1-theirs",
		Data:  video.UploadRequested{Origin: o},
	}
}

func TestPromise06_ProducersActOnlyForTheirTenants(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, sender string
		origin       video.Origin
		tenant, code string
	}{
		{
			"session of a role", archiveSender + ":i-0abc", video.Origin{Bucket: "masters", Key: "acme/a.mp4"}, "acme",
			"",
		},
		{"longest prefix wins", archiveSender, video.Origin{Bucket: "masters", Key: "acme/kids/a.mp4"}, "kids", ""},
		{"a user with a URL", studioSender, video.Origin{URL: "https://example.com/a.mp4"}, "acme", ""},
		{"another prefix", archiveSender, video.Origin{Bucket: "masters", Key: "rival/a.mp4"}, "", "origin_forbidden"},
		{"another bucket", archiveSender, video.Origin{Bucket: "others", Key: "acme/a.mp4"}, "", "origin_forbidden"},
		{
			"another producer's bucket", studioSender, video.Origin{Bucket: "masters", Key: "acme/a.mp4"}, "",
			"origin_forbidden",
		},
		{
			"a URL from a producer of two tenants", archiveSender, video.Origin{URL: "https://example.com/a.mp4"}, "",
			"tenant_unclear",
		},
		{
			"longest prefix of another command", archiveSender,
			video.Origin{Bucket: "masters", Key: "acme/old/a.mp4"}, "", "command_forbidden",
		},
		{
			"a URL from a sender of other commands", deleteSender, video.Origin{URL: "https://example.com/a.mp4"}, "",
			"command_forbidden",
		},
		{
			"Sluice's own bucket, though registered", archiveSender,
			video.Origin{Bucket: "sluice-source-1", Key: "t/rival/vid_1/source"}, "", "origin_own",
		},
		{
			"alias of a bucket", archiveSender, video.Origin{Bucket: "masters-s3alias", Key: "acme/a.mp4"}, "",
			"origin_own",
		},
		{
			"sender that is not registered", "AROASOMEBODY00000000:x",
			video.Origin{Bucket: "masters", Key: "acme/a.mp4"}, "", "sender_unknown",
		},
		{"no sender", "", video.Origin{Bucket: "masters", Key: "acme/a.mp4"}, "", "sender_unknown"},
		{
			"sender that is no principal id", "archive", video.Origin{Bucket: "masters", Key: "acme/a.mp4"}, "",
			"sender_unknown",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newUploadRequest(tt.sender, tt.origin)
			out, err := newFixture(t).Handle(t.Context(), e)
			if tt.code != "" {
				reported := rejection.BuildEvents(e, err, noon)
				if alone := tt.sender == studioSender || tt.sender == deleteSender; (len(reported) == 1) != alone {
					t.Errorf("reported %v", reported)
				}
				if p := errs.ProblemOf(err); string(p.Code) != tt.code || errs.KindOf(err) != errs.Forbidden ||
					out != nil {
					t.Fatalf("got %v and %v, want %s", out, err, tt.code)
				}
				return
			}
			if err != nil || len(out) != 1 || out[0].Tenant != tt.tenant {
				t.Fatalf("got %v, %v; want one event of %s", out, err, tt.tenant)
			}
		})
	}
}

func TestUploadRequestCreatesVideo(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	e := newUploadRequest(archiveSender, video.Origin{Bucket: "masters", Key: "acme/2026/a film.mp4", ETag: "e1"})
	e.Correlation = "order-1"
	e.Data = video.UploadRequested{
		Origin: e.Data.(video.UploadRequested).Origin, ExternalID: "x1", Metadata: map[string]string{"season": "1"},
	}
	out, err := fx.Handle(t.Context(), e)
	if err != nil || len(out) != 1 {
		t.Fatal(out, err)
	}
	v, err := fx.rows.LoadVideo(t.Context(), "acme", out[0].Video)
	if err != nil {
		t.Fatal(err)
	}
	key := "t/acme/" + v.ID + "/source"
	want := video.Video{
		Details: video.Details{Title: "a film.mp4", ExternalID: "x1", Metadata: map[string]string{"season": "1"}},
		Tenant:  "acme", ID: v.ID, Playback: "pacme2", State: video.Waiting, Correlation: "order-1", Trace: "Root=1-x",
		Source: video.Source{Key: key, Name: "a film.mp4", ContentType: "application/octet-stream"},
		Fetch: &video.FetchRequested{
			Origin: video.Origin{Bucket: "masters", Key: "acme/2026/a film.mp4", ETag: "e1"}, Key: key,
			MultipartID: v.Fetch.MultipartID,
		},
		Done: map[int]bool{}, Deadline: video.Deadline{At: noon.Add(15 * time.Minute)},
		Times: video.Times{Created: noon}, Reserved: quota.Amounts{quota.ImportsInFlight: 1},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
	wantEvent := events.New("acme", v.ID, noon, *v.Fetch)
	wantEvent.Correlation, wantEvent.Trace = "order-1", "Root=1-x"
	if diff := cmp.Diff(wantEvent, out[0]); diff != "" {
		t.Error(diff)
	}
	if _, err := events.Encode(out[0]); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"acme", v.ID}, fx.annotated); diff != "" {
		t.Errorf("annotated: %s", diff)
	}
	u, err := fx.rows.LoadUpload(t.Context(), "acme", "upl"+strings.TrimPrefix(v.ID, "vid"))
	if err != nil || u.Video != v.ID || u.MultipartID != v.Fetch.MultipartID || u.PartCount() != 0 {
		t.Errorf("upload %+v, %v", u, err)
	}
}

// A producer may repeat a request after days.
func TestPromise02_RepeatedRequestCreatesOneVideo(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	e := newUploadRequest(studioSender, video.Origin{Bucket: "cuts", Key: "a.mp4"})
	first, err := fx.Handle(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	e.Time = noon.Add(240 * time.Hour)
	ctx, isDuplicate := metrics.WithDuplicateMark(t.Context())
	again, err := fx.Handle(ctx, e)
	if diff := cmp.Diff(first, again); diff != "" || err != nil || !isDuplicate() {
		t.Errorf("%v %s; marked as a duplicate: %t", err, diff, isDuplicate())
	}
	for name, change := range map[string]func(*events.Event){
		"id":     func(e *events.Event) { e.ID = "4712" },
		"source": func(e *events.Event) { e.Source = "urn:acme:2" },
	} {
		other := e
		change(&other)
		out, err := fx.Handle(t.Context(), other)
		if err != nil || out[0].Video == first[0].Video {
			t.Errorf("with another %s: the same video, or error %v", name, err)
		}
	}
}

func TestConcurrentDeliveriesCreateOneVideo(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	e := newUploadRequest(studioSender, video.Origin{Bucket: "cuts", Key: "a.mp4"})
	var meanwhile []events.Event
	fx.beforeCreate = func() (err error) {
		fx.beforeCreate = nil
		meanwhile, err = fx.Handle(t.Context(), e)
		return err
	}
	out, err := fx.Handle(t.Context(), e)
	if diff := cmp.Diff(meanwhile, out); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// A file that was uploaded, or whose fetch has failed, is not requested again.
// A producer's request that exceeds a limit is rejected for good, with the code that the API answers. A request that
// was within the limit stays so, also if two deliveries of it meet.
func TestPromise13_RequestsStayWithinTheLimits(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	if err := fx.rows.SaveLimits(t.Context(), "acme", quota.Limits{quota.ImportsInFlight: 1}); err != nil {
		t.Fatal(err)
	}
	e := newUploadRequest(archiveSender, video.Origin{Bucket: "masters", Key: "acme/a.mp4"})
	fx.beforeCreate = func() error {
		fx.beforeCreate = nil
		_, err := fx.Handle(t.Context(), e)
		return err
	}
	for range 2 {
		if out, err := fx.Handle(t.Context(), e); err != nil || len(out) != 1 {
			t.Errorf("got %v, %v", out, err)
		}
	}
	e.ID = "4712"
	if out, err := fx.Handle(t.Context(), e); errs.KindOf(err) != errs.Exhausted ||
		errs.ProblemOf(err).Code != "quota_exceeded" || out != nil {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestHandledRequestSendsNoFetch(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	e := newUploadRequest(studioSender, video.Origin{Bucket: "cuts", Key: "a.mp4"})
	out, err := fx.Handle(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	v, err := fx.rows.LoadVideo(t.Context(), "acme", out[0].Video)
	if err != nil {
		t.Fatal(err)
	}
	v, _ = video.Apply(v, video.UploadCompleted{At: noon})
	if err := fx.rows.SaveVideo(t.Context(), v, v.NewTimelineEntry("test", noon)); err != nil {
		t.Fatal(err)
	}
	if out, err = fx.Handle(t.Context(), e); out != nil || err != nil {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestInvalidFieldsAreRejected(t *testing.T) {
	t.Parallel()
	origin := video.Origin{Bucket: "cuts", Key: "a.mp4"}
	for _, tt := range []struct {
		name    string
		request video.UploadRequested
		code    string
	}{
		{"title", video.UploadRequested{Origin: origin, Title: strings.Repeat("x", 201)}, "title_invalid"},
		{
			"metadata", video.UploadRequested{Origin: origin, Metadata: map[string]string{"a b": ""}},
			"metadata_key_invalid",
		},
		{"external id", video.UploadRequested{Origin: origin, ExternalID: "\x00"}, "external_id_invalid"},
		{"file name", video.UploadRequested{Origin: origin, FileName: strings.Repeat("x", 256)}, "file_name_invalid"},
		{
			"content type without a slash", video.UploadRequested{Origin: origin, ContentType: "video"},
			"content_type_invalid",
		},
		{
			"content type that is not ASCII", video.UploadRequested{Origin: origin, ContentType: "video/mp4; x=\"ä\""},
			"content_type_invalid",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := newUploadRequest(studioSender, origin)
			e.Data = tt.request
			_, err := newFixture(t).Handle(t.Context(), e)
			if p := errs.ProblemOf(err); string(p.Code) != tt.code || errs.KindOf(err) != errs.Invalid {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
}

func TestFileNameIsDerivedFromOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		request video.UploadRequested
		want    string
	}{
		{"of an object", video.UploadRequested{Origin: video.Origin{Bucket: "cuts", Key: "2026/ä b.mov"}}, "ä b.mov"},
		{
			"of a URL", video.UploadRequested{Origin: video.Origin{URL: "https://example.com/x/a.mp4?sig=secret"}},
			"a.mp4",
		},
		{"of a host", video.UploadRequested{Origin: video.Origin{URL: "https://example.com/"}}, "example.com"},
		{"of a folder", video.UploadRequested{Origin: video.Origin{Bucket: "cuts", Key: "/"}}, "video"},
		{
			"as the producer says",
			video.UploadRequested{Origin: video.Origin{Bucket: "cuts", Key: "a"}, FileName: "b.mp4"}, "b.mp4",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			e := newUploadRequest(studioSender, tt.request.Origin)
			e.Data = tt.request
			out, err := fx.Handle(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			v, err := fx.rows.LoadVideo(t.Context(), "acme", out[0].Video)
			if err != nil || v.Source.Name != tt.want || v.Title != tt.want {
				t.Errorf("file name %q, title %q, error %v", v.Source.Name, v.Title, err)
			}
		})
	}
}

func TestStoreFailureIsTransient(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.beforeCreate = func() error { return errs.E("test", errs.Transient, errors.New("down")) }
	if _, err := fx.Handle(
		t.Context(), newUploadRequest(studioSender, video.Origin{Bucket: "cuts", Key: "a.mp4"}),
	); errs.KindOf(err) != errs.Transient {
		t.Error(err)
	}
}
