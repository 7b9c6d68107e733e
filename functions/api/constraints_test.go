package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/events"
	"sluice/shared/platform/outbound"
	"sluice/tests/apitest"
)

// TestDocumentAcceptsExactlyTheBodiesThatTheAPIAccepts sends bodies whose fields are near the border of what is
// allowed. The fixture fails the test if the OpenAPI document and the API disagree about one.
func TestDocumentAcceptsExactlyTheBodiesThatTheAPIAccepts(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	fx.CheckURL = outbound.CheckURL
	fx.RebuildHandlers(t)
	accepted := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range 10 {
			path := rapid.SampledFrom(slices.Sorted(maps.Keys(changedFields))).Draw(rt, "path")
			caller, body := validBody(path)
			field := rapid.SampledFrom(changedFields[path]).Draw(rt, "field")
			body[field] = drawValue(rt, field)
			text, err := json.Marshal(body)
			if err != nil {
				rt.Fatal(err)
			}
			if got := fx.DoRequest(t, caller, "POST", path, string(text)); got.Status < 300 {
				accepted++
			} else if got.Status >= 500 {
				t.Errorf("POST %s %s: %d %s", path, text, got.Status, got.Text)
			}
			for _, e := range fx.Outbox.Events {
				if _, err := events.Encode(e); err != nil {
					t.Errorf("POST %s %s causes an event that can't be sent: %v", path, text, err)
				}
			}
			fx.Outbox.Events = nil
			if t.Failed() {
				rt.FailNow()
			}
		}
	})
	if accepted == 0 {
		t.Error("no body was accepted")
	}
}

// validBody returns a body that POST accepts at a path, and who sends it.
func validBody(path string) (apitest.Caller, map[string]any) {
	switch path {
	case "/v1/uploads":
		return apitest.Acme, map[string]any{"file_name": "a.mp4", "size": 1}
	case "/v1/videos":
		return apitest.Acme, map[string]any{"url": "https://example.com/a.mp4"}
	case "/v1/tokens":
		return apitest.IAMOperator, map[string]any{"tenant": "acme", "scopes": []string{"videos:read"}}
	case "/v1/sources":
		return apitest.IAMOperator, map[string]any{"sender": "123456789012", "bucket": "films", "tenant": "acme"}
	}
	return apitest.IAMOperator, map[string]any{"name": "acme"}
}

// changedFields are the fields of bodies that have constraints, by path.
var changedFields = map[string][]string{
	"/v1/uploads": {"title", "file_name", "size", "content_type", "external_id", "metadata"},
	"/v1/videos":  {"url", "title", "file_name", "content_type", "external_id", "metadata"},
	"/v1/tokens":  {"expires_in", "tenant"},
	"/v1/sources": {"sender", "bucket", "prefix", "tenant"},
	"/v1/tenants": {"name"},
}

// drawValue returns a value of the field: null, a number, or a text with characters that constraints tell apart.
func drawValue(rt *rapid.T, field string) any {
	switch field {
	case "size", "expires_in":
		return rapid.SampledFrom([]any{nil, -1, 0, 1, 59, 60, 31622400, 31622401, int64(8 << 30), int64(8<<30) + 1}).
			Draw(rt, "number")
	case "url":
		paths := []string{"", "/a.mp4", "/%20", "/%2", "?a=%2", "#%2", `/"`, "/é", "/ ", "?a?b#c#d"}
		return rapid.SampledFrom([]string{"https://", "HTTPS://", "hTtps://", "http://", "https:"}).Draw(rt, "scheme") +
			rapid.SampledFrom([]string{"example.com", "A_b.Example:443", "local", "é.example", ""}).Draw(rt, "host") +
			rapid.SampledFrom(paths).Draw(rt, "path")
	case "metadata":
		value := drawText(rt)
		return rapid.SampledFrom([]any{
			nil, map[string]string{}, map[string]string{"key": value}, map[string]string{value: ""},
		}).Draw(rt, "metadata")
	}
	if rapid.IntRange(0, 9).Draw(rt, "null") == 0 {
		return nil
	}
	return drawText(rt)
}

// drawText returns a text: often short, sometimes as long as a limit.
func drawText(rt *rapid.T) string {
	pieces := []string{
		"a", "Z", "0", "é", "🎞", " ", "\t", "\n", "\x00", "\x7f", "\u0085", "\u00a0", "\u200b", "\u2003", "\u2028",
		"\u202a", "\u202e", "\u2066", "\u3000", "\ufeff", "\ufffe", "\uffff", "video/mp4", "/", ";", "=", ";a=b",
		`;a="b c"`, `"`, "-", ".",
	}
	text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(rt, "text"), "")
	limits := []int{0, 0, 0, 1, 30, 31, 63, 64, 127, 128, 199, 200, 254, 255, 256, 1024}
	fill := rapid.SampledFrom(limits).Draw(rt, "fill")
	return strings.Repeat("x", fill) + text
}
