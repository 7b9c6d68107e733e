package traces_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/localstack/traces"
)

// TestRequestsOfBrowsersAreRefused covers pages of any origin, and DNS rebinding, which the Host shows.
func TestRequestsOfBrowsersAreRefused(t *testing.T) {
	t.Parallel()
	daemon, api, err := traces.Listen("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = traces.Serve(t.Context(), daemon, api, t.TempDir()+"/traces.jsonl", "") }()
	_, port, _ := strings.Cut(api.Addr().String(), ":")
	for _, tt := range []struct {
		host, header, value string
		want                int
	}{
		{api.Addr().String(), "", "", http.StatusBadRequest}, // it has no filter
		{"localhost:" + port, "", "", http.StatusBadRequest},
		{"127.0.0.1", "", "", http.StatusForbidden},
		{"attacker.test:" + port, "", "", http.StatusForbidden},
		{api.Addr().String(), "Origin", "https://attacker.test", http.StatusForbidden},
		{api.Addr().String(), "Origin", "null", http.StatusForbidden},
		{api.Addr().String(), "Referer", "https://attacker.test/", http.StatusForbidden},
		{api.Addr().String(), "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
	} {
		r, err := http.NewRequestWithContext(
			t.Context(), http.MethodPost, "http://"+api.Addr().String()+"/TraceSummaries", strings.NewReader("{}"),
		)
		if err != nil {
			t.Fatal(err)
		}
		if r.Host = tt.host; tt.header != "" {
			r.Header.Set(tt.header, tt.value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != tt.want {
			t.Errorf("Host %s, %s %s: %d, want %d", tt.host, tt.header, tt.value, res.StatusCode, tt.want)
		}
	}
}
