package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/access"
)

func TestParsePrincipal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, sender, want string }{
		{"user", "AIDAIENQZJOLO23YVJ4VO", "AIDAIENQZJOLO23YVJ4VO"},
		{"role", "AROA23YVJ4VOIENQZJOLO:i-0abc", "AROA23YVJ4VOIENQZJOLO"},
		{"role with a session of colons", "AROA23YVJ4VOIENQZJOLO:a:b", "AROA23YVJ4VOIENQZJOLO"},
		{"root", "123456789012", "123456789012"},
		{"nobody", "", ""},
		{"session alone", ":i-0abc", ""},
		{"name of a user", "alice", ""},
		{"separator of keys", "AIDAIENQZJOLO23YVJ4VO#x", ""},
		{"ARN", "arn:aws:iam::123456789012:user/alice", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := access.ParsePrincipal(tt.sender); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProducerValidate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		sender, prefix string
		want           []string
	}{
		{"good", "AIDAIENQZJOLO23YVJ4VO", "in/", nil},
		{"the whole bucket", "123456789012", "", nil},
		{"no sender", "", "in/", []string{"/sender"}},
		{"a session", "AROA23YVJ4VOIENQZJOLO:s", "in/", []string{"/sender"}},
		{"longest prefix", "123456789012", strings.Repeat("x", 1024), nil},
		{"longer than a key", "123456789012", strings.Repeat("ü", 513), []string{"/prefix"}},
		{"both", "me", "a\nb", []string{"/sender", "/prefix"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range (access.Producer{Sender: tt.sender, Prefix: tt.prefix}).Validate() {
				got = append(got, f.Pointer)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFindProducerPrefersLongestPrefix(t *testing.T) {
	t.Parallel()
	grants := []access.Producer{
		{ID: "films", Bucket: "b", Prefix: "films/"},
		{ID: "all", Bucket: "b"},
		{ID: "new", Bucket: "b", Prefix: "films/new/"},
		{ID: "other", Bucket: "c", Prefix: "x/"},
	}
	for _, tt := range []struct{ name, bucket, key, want string }{
		{"longest wins", "b", "films/new/a.mp4", "new"},
		{"next", "b", "films/newer.mp4", "films"},
		{"empty prefix", "b", "a.mp4", "all"},
		{"another bucket", "c", "x/a.mp4", "other"},
		{"outside of the prefix", "c", "a.mp4", ""},
		{"unknown bucket", "bb", "films/a.mp4", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := access.FindProducer(grants, tt.bucket, tt.key); got.ID != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %t, want %q", got.ID, ok, tt.want)
			}
		})
	}
}

func TestProducerIDsAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, g := range [][3]string{{"s", "b", "p"}, {"s", "bp", ""}, {"sb", "", "p"}, {"s", "b", ""}} {
		id := access.ProducerID(g[0], g[1], g[2])
		if seen[id] || !strings.HasPrefix(id, "src_") {
			t.Errorf("%v: %s", g, id)
		}
		seen[id] = true
	}
}
