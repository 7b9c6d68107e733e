//go:build integration

package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"sluice/events"
	"sluice/localstack/cloud"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/tests/client"
)

// TestOriginalIsFetchedFromItsOrigin checks that a video that Sluice fetches ends as an uploaded one does.
func TestOriginalIsFetchedFromItsOrigin(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	for name, tt := range map[string]struct {
		origin video.Origin
		state  string
		code   string
	}{
		"from a URL": {
			video.Origin{URL: d.serveFootage(t, "bigbuckbunny.mp4") + "?sig=secret"}, client.Ready, "",
		},
		"from a producer's bucket": {d.putProducerObject(t, "bigbuckbunny.mp4"), client.Ready, ""},
		"from what is not there": {
			video.Origin{Bucket: cloud.ProducerBucket, Key: "nothing"}, client.Failed, "object_not_found",
		},
		"from a bucket of Sluice's own": {
			video.Origin{Bucket: d.stackOutput(t, "MediaBucket"), Key: "v/x/master.m3u8"}, client.Failed,
			"bucket_not_registered",
		},
		"from an address that is ours": {
			video.Origin{URL: "https://169.254.169.254/latest/meta-data/"}, client.Failed, "url_not_public",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := cloud.AdminClient{URL: d.env.APIURL, AWS: d.aws}.CreateToken(t.Context(), "fetcher")
			if err != nil {
				t.Fatal(err)
			}
			id, e := d.beginUpload(t, token, tt.origin)
			d.sendEvent(t, "InboxFetch", e)
			ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
			defer cancel()
			v, err := client.New(d.env.APIURL, token).WaitForVideo(ctx, id, 200*time.Millisecond, nil)
			if err != nil || v.State != tt.state || v.Error != nil && v.Error.Code != tt.code {
				t.Errorf("%s %v, %v, want %s %s", v.State, v.Error, err, tt.state, tt.code)
			}
		})
	}
}

// beginUpload creates an upload. It returns the id of the video and the event that requests its original.
func (d deployment) beginUpload(t *testing.T, token string, o video.Origin) (string, events.Event) {
	t.Helper()
	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, d.env.APIURL+"/v1/uploads", strings.NewReader(`{"file_name":"a.mp4","size":1}`),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var begun struct {
		Video string `json:"video_id"`
		Parts []struct{ URL string }
	}
	if err := json.NewDecoder(res.Body).Decode(&begun); err != nil || len(begun.Parts) != 1 {
		t.Fatal(res.Status, begun, err)
	}
	part, err := url.Parse(begun.Parts[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(part.Path, "/"), "/")
	tenant := strings.Split(key, "/")[1]
	return begun.Video, events.New(
		tenant, begun.Video, time.Now(),
		video.FetchRequested{Origin: o, Key: key, MultipartID: part.Query().Get("uploadId")},
	)
}

// serveFootage serves a file of the footage on this machine over HTTPS and returns its URL.
func (d deployment) serveFootage(t *testing.T, name string) string {
	t.Helper()
	cert, err := d.env.OriginCertificate()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.ServeFile(rw, r, d.footagePath(name))
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL + "/" + name
}

// putProducerObject puts a file of the footage into the producer's bucket.
func (d deployment) putProducerObject(t *testing.T, name string) video.Origin {
	t.Helper()
	bucket, client := aws.String(cloud.ProducerBucket), blob.NewClient(d.aws, true)
	var there *types.BucketAlreadyOwnedByYou
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil &&
		!errors.As(err, &there) {
		t.Fatal(err)
	}
	body, err := os.ReadFile(d.footagePath(name))
	if err != nil {
		t.Fatal(err)
	}
	o := video.Origin{Bucket: *bucket, Key: "2026/a b+c.mp4"}
	out, err := client.PutObject(
		t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &o.Key, Body: bytes.NewReader(body)},
	)
	if err != nil {
		t.Fatal(err)
	}
	o.ETag = strings.Trim(aws.ToString(out.ETag), `"`)
	return o
}
