package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"sluice/shared/platform/httpapi"
)

func TestParseWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		prefer []string
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"wait=5"}, 5 * time.Second},
		{[]string{"respond-async, Wait = 5"}, 5 * time.Second},
		{[]string{"respond-async", `wait="5"; x=1`}, 5 * time.Second},
		{[]string{"wait=100"}, 20 * time.Second},
		{[]string{"wait=99999999999999999999"}, 0},
		{[]string{"wait=1, wait=9"}, time.Second},
		{[]string{"wait=-1"}, 0},
		{[]string{"wait"}, 0},
		{[]string{"await=5"}, 0},
	} {
		if got := httpapi.ParseWait(http.Header{"Prefer": tt.prefer}, 20*time.Second); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.prefer, got, tt.want)
		}
	}
}
