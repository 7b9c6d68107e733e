package blob_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/errs"
	"sluice/shared/platform/blob"
	"sluice/tests/awsmodel"
)

// fakeS3 is an HTTP client that records requests and answers with the next of its responses.
type fakeS3 struct {
	responses []newResponse
	requests  []*http.Request
}

type newResponse struct {
	status int
	body   io.Reader
}

func (f *fakeS3) Do(r *http.Request) (*http.Response, error) {
	if len(f.requests) >= len(f.responses) {
		return nil, errors.New("connection reset by peer")
	}
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	response := f.responses[len(f.requests)]
	f.requests = append(f.requests, r)
	return &http.Response{
		StatusCode: response.status, Header: http.Header{}, ContentLength: -1, Request: r,
		Body: io.NopCloser(response.body),
	}, nil
}

// newTestBucket returns a bucket whose requests f answers.
func newTestBucket(t testing.TB, f *fakeS3, pathStyle bool) *blob.Bucket {
	t.Helper()
	return blob.NewBucket(blob.NewClient(aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "session"),
		HTTPClient: awsmodel.NewClient(t, f),
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
	}, pathStyle), "media")
}

func TestPresignPartSignsLengthAndExpiry(t *testing.T) {
	t.Parallel()
	signed, expires, err := newTestBucket(t, &fakeS3{}, false).PresignPart(
		t.Context(), "t/acme/v/source", "upload", 3, 8<<20, 15*time.Minute,
	)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"X-Amz-SignedHeaders": "content-length;host", "X-Amz-Expires": "900", "partNumber": "3", "uploadId": "upload",
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if strings.Contains(strings.ToLower(signed), "checksum") {
		t.Errorf("asks for a checksum: %s", signed)
	}
	if d := time.Until(expires); d > 15*time.Minute || d < 14*time.Minute {
		t.Errorf("expires in %s", d)
	}
}

func TestPresignedURLsMatchServiceModel(t *testing.T) {
	t.Parallel()
	for _, pathStyle := range []bool{false, true} {
		b := newTestBucket(t, &fakeS3{}, pathStyle)
		put, _, err := b.PresignPart(t.Context(), "t/acme/v/source", "upload", 10_000, 8<<20, 15*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		get, err := b.PresignGet(t.Context(), "v/p/1.m4s", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if got := awsmodel.CheckSignedURL(t, http.MethodPut, put); got.Name != "UploadPart" {
			t.Errorf("the URL of a part signs %s", got)
		}
		if got := awsmodel.CheckSignedURL(t, http.MethodGet, get); got.Name != "GetObject" {
			t.Errorf("the URL of an object signs %s", got)
		}
	}
}

func TestPresignGetSignsOnlyHostHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		pathStyle bool
		want      string
	}{
		{"host style", false, "https://media.s3.eu-central-1.amazonaws.com/v/p/1.m4s"},
		{"path style", true, "https://s3.eu-central-1.amazonaws.com/media/v/p/1.m4s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			signed, err := newTestBucket(t, &fakeS3{}, tt.pathStyle).PresignGet(t.Context(), "v/p/1.m4s", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(signed)
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Query().Get("X-Amz-SignedHeaders"); got != "host" {
				t.Errorf("a player would have to send %q", got)
			}
			if got, _, _ := strings.Cut(signed, "?"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestPutObjectSendsChecksumAndUploadDoesNot: an upload that is created with a checksum rejects the parts of clients
// that send none.
func TestPutObjectSendsChecksumAndUploadDoesNot(t *testing.T) {
	t.Parallel()
	f := &fakeS3{responses: []newResponse{
		{
			200,
			strings.NewReader(`<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>`),
		},
		{200, strings.NewReader("")},
	}}
	b := newTestBucket(t, f, true)
	if id, err := b.CreateUpload(t.Context(), "k", "video/mp4"); err != nil || id != "u" {
		t.Fatalf("got %q, %v", id, err)
	}
	if err := b.PutObject(
		t.Context(), "k", bytes.NewReader([]byte("hello")), blob.Metadata{CacheControl: "no-store"},
	); err != nil {
		t.Fatal(err)
	}
	for name := range f.requests[0].Header {
		if strings.Contains(strings.ToLower(name), "checksum") {
			t.Errorf("the upload is begun with %s", name)
		}
	}
	put := f.requests[1].Header
	if got := put.Get("X-Amz-Trailer"); got != "x-amz-checksum-crc32" {
		t.Errorf("the object has the trailer %q", got)
	}
	if put.Get("Cache-Control") != "no-store" || put.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("put with headers %v", put)
	}
}

func TestS3ErrorsMapToKinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		s3     string // error code
		kind   errs.Kind
		code   string
	}{
		{"missing", 404, "NoSuchKey", errs.NotFound, "object_not_found"},
		{"replaced", 412, "PreconditionFailed", errs.Conflict, "object_replaced"},
		{"upload gone", 404, "NoSuchUpload", errs.NotFound, "upload_gone"},
		{"part missing", 400, "InvalidPart", errs.Invalid, "part_missing"},
		{"part order", 400, "InvalidPartOrder", errs.Invalid, "part_order"},
		{"part too small", 400, "EntityTooSmall", errs.Invalid, "part_too_small"},
		{"error in a 200", 200, "InternalError", errs.Transient, ""},
		{"slow down", 503, "SlowDown", errs.Transient, ""},
		{"server error", 500, "InternalError", errs.Transient, ""},
		{"timeout", 400, "RequestTimeout", errs.Transient, ""},
		{"no permission", 403, "AccessDenied", errs.Internal, ""},
		{"no bucket", 404, "NoSuchBucket", errs.Internal, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fakeS3{
				responses: []newResponse{{tt.status, strings.NewReader("<Error><Code>" + tt.s3 + "</Code></Error>")}},
			}
			_, err := newTestBucket(t, f, true).CompleteUpload(
				t.Context(), "k", "u", []blob.Part{{Number: 1, ETag: "e"}},
			)
			requireError(t, err, tt.kind, tt.code)
		})
	}
	t.Run("broken connection", func(t *testing.T) {
		t.Parallel()
		_, err := newTestBucket(t, &fakeS3{}, true).HeadObject(t.Context(), "k")
		requireError(t, err, errs.Transient, "")
	})
	t.Run("head of what is missing", func(t *testing.T) {
		t.Parallel()
		_, err := newTestBucket(t,
			&fakeS3{responses: []newResponse{{404, strings.NewReader("")}}}, true,
		).HeadObject(t.Context(), "k")
		requireError(t, err, errs.NotFound, "object_not_found")
	})
}

func requireError(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || string(e.Code) != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	}
}

// brokenReadWriter fails after the first read, and on every write.
type brokenReadWriter struct{ io.Reader }

func (b brokenReadWriter) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	return 0, errors.New("connection reset by peer")
}

func (brokenReadWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestDownloadObjectChecksETagAndClassifiesErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body io.Reader
		to   io.Writer
		want errs.Kind
	}{
		{"whole", strings.NewReader("hello"), io.Discard, ""},
		{"breaks", brokenReadWriter{strings.NewReader("hel")}, io.Discard, errs.Transient},
		{"disk full", strings.NewReader("hello"), brokenReadWriter{}, errs.Internal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fakeS3{responses: []newResponse{{200, tt.body}}}
			err := newTestBucket(t, f, true).DownloadObject(t.Context(), "k", "abc", tt.to)
			if got := errs.KindOf(err); got != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := f.requests[0].Header.Get("If-Match"); got != `"abc"` {
				t.Errorf("If-Match is %s", got)
			}
		})
	}
}

func TestListPartsReadsAllPages(t *testing.T) {
	t.Parallel()
	page := func(n, next string) newResponse {
		return newResponse{
			200,
			strings.NewReader(
				"<ListPartsResult><Part><PartNumber>" + n + `</PartNumber><ETag>"e` + n + `"</ETag><Size>` + n +
					"0</Size></Part>" + next + "</ListPartsResult>",
			),
		}
	}
	f := &fakeS3{responses: []newResponse{
		page("1", "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"),
		page("2", "<IsTruncated>false</IsTruncated>"),
	}}
	got, err := newTestBucket(t, f, true).ListParts(t.Context(), "k", "u")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(
		[]blob.Part{{Number: 1, ETag: "e1", Size: 10}, {Number: 2, ETag: "e2", Size: 20}}, got,
	); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
	if got := f.requests[1].URL.Query().Get("part-number-marker"); got != "1" {
		t.Errorf("the second page begins after %q", got)
	}
}

// TestForeignBucketErrorsMapToCodes: an error of another bucket is a problem of the client that named it, not a bug.
func TestForeignBucketErrorsMapToCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		s3     string
		kind   errs.Kind
		code   string
	}{
		{403, "AccessDenied", errs.Forbidden, "object_forbidden"},
		{404, "NoSuchBucket", errs.NotFound, "object_not_found"},
		{404, "NoSuchKey", errs.NotFound, "object_not_found"},
		{412, "PreconditionFailed", errs.Conflict, "object_replaced"},
		{403, "InvalidObjectState", errs.Invalid, "object_archived"},
		{301, "PermanentRedirect", errs.Invalid, "bucket_elsewhere"},
		{404, "NoSuchUpload", errs.NotFound, "upload_gone"},
		{503, "SlowDown", errs.Transient, ""},
		{200, "InternalError", errs.Transient, ""},
	} {
		t.Run(tt.s3, func(t *testing.T) {
			t.Parallel()
			f := &fakeS3{
				responses: []newResponse{{tt.status, strings.NewReader("<Error><Code>" + tt.s3 + "</Code></Error>")}},
			}
			_, err := newTestBucket(t, f, true).CopyPart(
				t.Context(), "k", "u", 1, blob.ObjectRange{Bucket: "theirs", Key: "k", ETag: "e", Size: 1},
			)
			requireError(t, err, tt.kind, tt.code)
		})
	}
	for status, code := range map[int]string{
		403: "object_forbidden", 404: "object_not_found", 301: "bucket_elsewhere",
	} {
		f := &fakeS3{responses: []newResponse{{status, strings.NewReader("")}}}
		_, err := newTestBucket(t, f, true).HeadObjectInBucket(t.Context(), "theirs", "k")
		if got := errs.ProblemOf(err).Code; string(got) != code {
			t.Errorf("S3 answers %d: %v, want %s", status, err, code)
		}
	}
}

func TestCopyPartSendsSourceETagAndRange(t *testing.T) {
	t.Parallel()
	f := &fakeS3{
		responses: []newResponse{{200, strings.NewReader(`<CopyPartResult><ETag>"e2"</ETag></CopyPartResult>`)}},
	}
	got, err := newTestBucket(t, f, true).CopyPart(
		t.Context(), "k", "u", 3,
		blob.ObjectRange{Bucket: "theirs", Key: "2026/a b+ä%?.mkv", ETag: "e1", From: 10, Size: 5},
	)
	if diff := cmp.Diff(blob.Part{Number: 3, ETag: "e2", Size: 5}, got); diff != "" || err != nil {
		t.Errorf("%v, differs (-want +got):\n%s", err, diff)
	}
	for name, want := range map[string]string{
		"X-Amz-Copy-Source":          "theirs/2026/a%20b%2B%C3%A4%25%3F.mkv",
		"X-Amz-Copy-Source-If-Match": `"e1"`,
		"X-Amz-Copy-Source-Range":    "bytes=10-14",
	} {
		if got := f.requests[0].Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestUploadPartSendsOnlyMD5: S3 accepts no other checksum for a part if the upload was created without one.
func TestUploadPartSendsOnlyMD5(t *testing.T) {
	t.Parallel()
	f := &fakeS3{responses: []newResponse{{200, strings.NewReader("")}}}
	if _, err := newTestBucket(t, f, false).UploadPart(t.Context(), "k", "u", 3, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	h := f.requests[0].Header
	if got := h.Get("Content-Md5"); got != "XUFAKrxLKna5cZ2REBfFkg==" {
		t.Errorf("the part's MD5 is %q", got)
	}
	for name := range h {
		if strings.Contains(strings.ToLower(name), "checksum") {
			t.Errorf("the part comes with %s", name)
		}
	}
}
