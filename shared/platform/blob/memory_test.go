package blob_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/platform/blob"
	"sluice/shared/platform/blob/blobtest"
)

var _ blobtest.Blob = (*blob.Bucket)(nil)

func TestMemoryPassesBucketSuite(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(testing.TB) blobtest.Blob { return &blob.Memory{} })
}

func TestMemoryChecksPresignedURLs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := &blob.Memory{Now: func() time.Time { return now }}
	id, err := m.CreateUpload(t.Context(), "k", "")
	if err != nil {
		t.Fatal(err)
	}
	signed, expires, err := m.PresignPart(t.Context(), "k", id, 1, 5, time.Minute)
	if err != nil || !expires.Equal(now.Add(time.Minute)) || !strings.HasPrefix(signed, "memory://bucket/k?") {
		t.Fatalf("got %s, %s, %v", signed, expires, err)
	}
	read, err := m.PresignGet(t.Context(), "k", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		url  string
		body string
		at   time.Duration
		ok   bool
	}{
		{"in time", signed, "hello", 59 * time.Second, true},
		{"too late", signed, "hello", time.Minute, false},
		{"too long", signed, "hello!", 0, false},
		{"a reader's URL", read, "hello", 0, false},
		{"not signed", "memory://bucket/k", "hello", 0, false},
		{"another upload", strings.Replace(signed, id, "other", 1), "hello", 0, false},
		{"no number", strings.Replace(signed, "part=1", "part=x", 1), "hello", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now = expires.Add(tt.at - time.Minute)
			etag, err := m.PutPresignedPart(t.Context(), tt.url, []byte(tt.body))
			if (err == nil) != tt.ok || (etag != "") != tt.ok {
				t.Errorf("got %q, %v", etag, err)
			}
		})
	}
}

func TestMemoryListsKeysByPrefix(t *testing.T) {
	t.Parallel()
	var m blob.Memory
	for _, key := range []string{"v/b", "v/a", "t/a"} {
		if err := m.PutObject(t.Context(), key, strings.NewReader(""), blob.Metadata{}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"v/a", "v/b"}, m.ListKeys("v/")); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}
