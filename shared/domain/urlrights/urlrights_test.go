package urlrights_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/shared/domain/urlrights"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"none", `{"a": "text?x=1", "n": 12345678901234567890}`, ""},
		{"a plain URL", `{"url":"https://a.example/film.mp4"}`, ""},
		{"a signature", `{"n":12345678901234567890,"url":"https://a.example/f?X-Amz-Signature=5ec"}`,
			`{"n":12345678901234567890,"url":"https://a.example/f"}`},
		{"escaped", `{"url":"https:\/\/a.example\/f?a=5ec\u0026b=5ec"}`, `{"url":"https://a.example/f"}`},
		{"user and password", `{"url":"HTTPS://u:5ec@a.example/f"}`, `{"url":"https://a.example/f"}`},
		{"fragment", `{"url":"http://a.example/f#5ec"}`, `{"url":"http://a.example/f"}`},
		{"nested", `[{"data":{"origin":{"url":"https://a.example/<f>?5ec"}}},1]`,
			`[{"data":{"origin":{"url":"https://a.example/%3Cf%3E"}}},1]`},
		{"behind a space", `{"url":" https://a.example/f?5ec\n"}`, `{"url":"https://a.example/f"}`},
		{"in a message of SNS", `{"Message":"{\"url\":\"https://a.example/f?5ec\"}"}`,
			`{"Message":"{\"url\":\"https://a.example/f\"}"}`},
		{"in a message that is cut off", `{"Message":"{\"url\":\"https://a.example/f?5ec"}`,
			`{"Message":"{\"url\":\"https://a.example/f"}`},
		{"braces", `{"title":"{a}"}`, ""},
		{"no JSON, capitals", `url HTTPS://a.example/f?5ec`, `url https://a.example/f`},
		{"no URL after all", `{"url":"https://a.example:port/f?5ec"}`, `{"url":"https://"}`},
		{"no JSON", `url https://a.example/f?5ec, {"https:\/\/b.example\/?5ec"`,
			`url https://a.example/f {"https://b.example/"`},
		{"JSON and more", `{} https://a.example/f?5ec`, `{} https://a.example/f`},
	} {
		got, removed := urlrights.Remove(tt.body)
		if want := tt.want; want == "" && (removed || got != tt.body) || want != "" && (!removed || got != want) {
			t.Errorf("%s: %q, %t, want %q", tt.name, got, removed, tt.want)
		}
	}
}

func TestRemoveLeavesNoSecret(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prefix, suffix := rapid.String().Draw(t, "before"), rapid.String().Draw(t, "after")
		got, _ := urlrights.Remove(prefix + `{"url":"https://a.example/f?s=5ec2e7"}` + suffix)
		if strings.Contains(got, "5ec2e7") {
			t.Fatalf("%q", got)
		}
	})
}
