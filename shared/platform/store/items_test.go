package store

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/doneset"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

// TestVideoRowHasDocumentedAttributes pins what other programs may rely on: the keys, the plain attributes, and that
// zero values are left out.
func TestVideoRowHasDocumentedAttributes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	var c item.Codec
	stored := newVideoItem(&c, video.Video{
		Tenant: "acme", ID: "vid_1", State: video.Waiting, Version: 1, Times: video.Times{Created: at},
	})
	if c.Err != nil {
		t.Fatal(c.Err)
	}
	row, err := attributevalue.MarshalMap(stored)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]types.AttributeValue{
		"pk": table.StringValue("VIDEO#acme#vid_1"), "sk": table.StringValue("VIDEO"),
		"tenant": table.StringValue("acme"), "id": table.StringValue("vid_1"),
		"owner": table.StringValue("VIDEOS#acme"), "playback": table.StringValue(""), "title": table.StringValue(""),
		"state": table.StringValue("waiting"), "version": table.NumberValue(1),
		"created": table.StringValue("2026-01-02T02:04:05.000000000Z"),
		"source":  table.StringValue(`{"key":"","name":"","content_type":"","size":0}`),
		"held":    table.StringValue(`{"uploads_open":1}`),
	}
	if diff := cmp.Diff(want, row, compareAttributes); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

// compareAttributes compares string and number attributes.
var compareAttributes = cmp.Comparer(func(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		b, ok := b.(*types.AttributeValueMemberS)
		return ok && a.Value == b.Value
	case *types.AttributeValueMemberN:
		b, ok := b.(*types.AttributeValueMemberN)
		return ok && a.Value == b.Value
	}
	return false
})

func TestRowKeys(t *testing.T) {
	t.Parallel()
	k := videoKey("acme", "vid_1")
	for _, tt := range []struct {
		name      string
		got, want table.Key
	}{
		{"tenant", tenantKey("acme"), table.Key{PK: "TENANT#acme", SK: "TENANT"}},
		{"token", tokenKey("k1"), table.Key{PK: "TOKEN#k1", SK: "TOKEN"}},
		{"upload", uploadKey("acme", "upl_1"), table.Key{PK: "UPLOAD#acme#upl_1", SK: "UPLOAD"}},
		{"video", k, table.Key{PK: "VIDEO#acme#vid_1", SK: "VIDEO"}},
		{
			"idempotency record",
			idempotencyRowKey(idempotency.Record{Owner: "acme", Route: "POST /v1/uploads", Key: "k#1"}),
			table.Key{
				PK: "IDEMPOTENCY#acme#672b06c0d0e3c556fa57c14e286687cbe17f0948839036817cc9ea26cd6bd0e5",
				SK: "IDEMPOTENCY",
			},
		},
		{"producer", producerKey("AIDA", "src_1"), table.Key{PK: "SOURCE#AIDA", SK: "SOURCE#src_1"}},
		{"producer in the directory", producerDirectoryKey("src_1"), table.Key{PK: "SOURCE##all", SK: "SOURCE#src_1"}},
		{
			"dead letter", deadLetterKey("ltr_" + strings.Repeat("0", 26)),
			table.Key{PK: "LETTER#1970-01", SK: "ltr_" + strings.Repeat("0", 26)},
		},
		{"invalid dead letter id", deadLetterKey("ltr_1"), table.Key{}},
		{"last task of a page", doneset.PageKey(k, 255), table.Key{PK: "VIDEO#acme#vid_1", SK: "DONE#000"}},
		{"first task of the next", doneset.PageKey(k, 256), table.Key{PK: "VIDEO#acme#vid_1", SK: "DONE#001"}},
		{"last page", doneset.PageKey(k, maxTasks-1), table.Key{PK: "VIDEO#acme#vid_1", SK: "DONE#390"}},
		{"result", taskResultKey(k, 42), table.Key{PK: "VIDEO#acme#vid_1", SK: "RESULT#00042"}},
		{"separator in an id", videoKey("acme#vid_1", "x"), table.Key{}},
		{"no id", tokenKey(""), table.Key{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("got %v, want %v", tt.got, tt.want)
			}
		})
	}
}

// TestTimestampsSortAsText: indexes sort by timestamps.
func TestTimestampsSortAsText(t *testing.T) {
	t.Parallel()
	anyTime := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(
			rapid.Int64Range(0, 1<<34).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"),
		).UTC()
	})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := anyTime.Draw(rt, "a"), anyTime.Draw(rt, "b")
		if a.Before(b) != (item.FormatTimestamp(a) < item.FormatTimestamp(b)) {
			rt.Errorf("%s and %s sort as %q and %q", a, b, item.FormatTimestamp(a), item.FormatTimestamp(b))
		}
	})
	if item.FormatTimestamp(time.Time{}) >= item.FormatTimestamp(time.Unix(0, 0)) {
		t.Error("the zero time does not sort first")
	}
}

func TestUnreadableVideoRowReturnsError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		row  videoItem
	}{
		{"time", videoItem{Created: "yesterday"}},
		{"json", videoItem{Plan: "{"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c item.Codec
			if tt.row.toVideo(&c); c.Err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestDeadLetterMonthsCoverRetention(t *testing.T) {
	t.Parallel()
	day := func(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name        string
		newest, now time.Time
		want        []string
	}{
		{
			"all", day(5, 31, 12), day(5, 31, 12),
			[]string{"LETTER#2026-05", "LETTER#2026-04", "LETTER#2026-03", "LETTER#2026-02"},
		},
		{
			"at the end of a month", day(4, 30, 23), day(4, 30, 23),
			[]string{"LETTER#2026-05", "LETTER#2026-04", "LETTER#2026-03", "LETTER#2026-02", "LETTER#2026-01"},
		},
		{
			"over the year", day(1, 15, 0), day(1, 15, 0),
			[]string{"LETTER#2026-01", "LETTER#2025-12", "LETTER#2025-11", "LETTER#2025-10", "LETTER#2025-09"},
		},
		{"from a cursor", day(2, 10, 0), day(5, 31, 12), []string{"LETTER#2026-02"}},
		{"from a cursor of long ago", day(1, 10, 0), day(5, 31, 12), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, deadLetterMonths(tt.newest, tt.now)); d != "" {
				t.Error(d)
			}
		})
	}
}
