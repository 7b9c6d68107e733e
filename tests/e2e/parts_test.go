//go:build integration

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"sluice/shared/platform/blob"
	"sluice/tests/client"
)

// partUpload is an upload of two parts.
type partUpload struct {
	deployment
	api              apiCaller
	id, video        string
	key, multipartID string    // the object, and S3's id of the multipart upload
	urls             [2]string // of the parts
	bytes            [2][]byte
}

func (d deployment) beginPartUpload(t *testing.T, tenant string) *partUpload {
	t.Helper()
	u := &partUpload{deployment: d, api: d.newCaller(t, tenant), bytes: [2][]byte{make([]byte, 8<<20), []byte("small")}}
	got, _ := u.api.sendRequest(
		t, 201, "POST", "/v1/uploads",
		fmt.Sprintf(`{"file_name": "a.mp4", "size": %d}`, len(u.bytes[0])+len(u.bytes[1])),
	)
	u.id, u.video = got["upload_id"].(string), got["video_id"].(string)
	for i, p := range got["parts"].([]any) {
		u.urls[i] = p.(map[string]any)["url"].(string)
	}
	u.key = "t/" + tenant + "/" + u.video + "/source"
	u.multipartID = urlQuery(t, u.urls[0]).Get("uploadId")
	return u
}

func urlQuery(t *testing.T, address string) url.Values {
	t.Helper()
	a, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return a.Query()
}

// putBytes PUTs bytes to a URL and returns the ETag and the status.
func putBytes(t *testing.T, address string, body []byte) (etag string, status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return strings.Trim(res.Header.Get("ETag"), `"`), res.StatusCode
}

// completeUpload completes the upload with the ETags of its first parts, and requires a status and a code.
func (u *partUpload) completeUpload(t *testing.T, status int, code string, etags ...string) {
	t.Helper()
	var parts []string
	for i, e := range etags {
		parts = append(parts, fmt.Sprintf(`{"number": %d, "etag": %q}`, i+1, e))
	}
	got, _ := u.api.sendRequest(
		t, status, "POST", "/v1/uploads/"+u.id+"/complete", `{"parts": [`+strings.Join(parts, ",")+`]}`,
	)
	if gotCode, _ := got["code"].(string); gotCode != code {
		t.Errorf("%v, want %q", got, code)
	}
}

// TestCompleteRejectsPartsThatDiffer completes an upload with parts that are missing or differ from the announced ones.
// It must be rejected, and the same upload must succeed with the right parts.
func TestCompleteRejectsPartsThatDiffer(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	u := d.beginPartUpload(t, "parts")
	const none = "00000000000000000000000000000000"
	u.completeUpload(t, 422, "part_missing", none, none)
	first, status := putBytes(t, u.urls[0], u.bytes[0])
	if status != http.StatusOK {
		t.Fatalf("part 1: %d", status)
	}
	u.completeUpload(t, 422, "part_missing", first)
	u.completeUpload(t, 422, "part_missing", first, none)
	if _, status := putBytes(t, u.urls[1], []byte("smaller")); status/100 != 4 {
		t.Errorf("two bytes too many: %d", status)
	}
	u.completeUpload(t, 422, "part_missing", first, none)

	// A client can't do this, because it needs the permission to write originals.
	p, err := blob.NewBucket(blob.NewClient(d.aws, true), d.stackOutput(t, "SourceBucket")).UploadPart(
		t.Context(), u.key, u.multipartID, 2, []byte("smaller"),
	)
	if err != nil {
		t.Fatal(err)
	}
	u.completeUpload(t, 422, "size_mismatch", first, p.ETag)

	second, status := putBytes(t, u.urls[1], u.bytes[1])
	if status != http.StatusOK {
		t.Fatalf("part 2: %d", status)
	}
	u.completeUpload(t, 422, "part_changed", first, p.ETag)
	u.completeUpload(t, 422, "part_changed", second, first)
	if v, _ := u.api.sendRequest(t, 200, "GET", "/v1/videos/"+u.video, ""); v["state"] != "waiting" {
		t.Errorf("all was refused, and still the video is %v", v["state"])
	}
	u.completeUpload(t, 200, "", first, second)
	c := client.New(d.env.APIURL, u.api.token)
	if end, err := c.WaitForVideo(t.Context(), u.video, 200*time.Millisecond, nil); err != nil || end.Error == nil ||
		end.Error.Code != "not_a_video" {
		t.Errorf("zeros end %s, %v, %v", end.State, end.Error, err)
	}
}

// TestExpiredPartURLIsRejected checks that an expired URL is rejected, and that the API returns a new one.
func TestExpiredPartURLIsRejected(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	u := d.beginPartUpload(t, "expired")
	if _, status := putBytes(
		t, u.signPartURL(t, 2, time.Now().Add(-time.Hour)), u.bytes[1],
	); status != http.StatusForbidden {
		t.Errorf("expired: %d", status)
	}
	if _, status := putBytes(t, u.signPartURL(t, 2, time.Now()), u.bytes[1]); status != http.StatusOK {
		t.Errorf("not expired: %d", status)
	}
	fresh, _ := u.api.sendRequest(t, 200, "POST", "/v1/uploads/"+u.id+"/parts", `{"numbers": [1]}`)
	address := fresh["parts"].([]any)[0].(map[string]any)["url"].(string)
	if _, status := putBytes(t, address, u.bytes[0]); status != http.StatusOK {
		t.Errorf("a fresh one: %d", status)
	}
}

// signPartURL returns the URL of a part as the API would have signed it at a time. It is valid for 15 minutes.
func (u *partUpload) signPartURL(t *testing.T, n int, at time.Time) string {
	t.Helper()
	cfg := u.assumeServiceRole(t, "api")
	who, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address, _, _ := strings.Cut(u.urls[0], "?")
	q := url.Values{"partNumber": {fmt.Sprint(n)}, "uploadId": {u.multipartID}, "X-Amz-Expires": {"900"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address+"?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := v4.NewSigner().PresignHTTP(t.Context(), who, r, "UNSIGNED-PAYLOAD", "s3", cfg.Region, at)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
