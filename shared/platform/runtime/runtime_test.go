package runtime

import (
	"strings"
	"testing"
)

func TestReadPositiveInt(t *testing.T) {
	for text, want := range map[string]int{"12": 12, "1": 1, "0": 0, "-1": 0, "": 0, "many": 0} {
		t.Setenv("SLUICE_N", text)
		n, err := readPositiveInt("SLUICE_N")
		if n != want || (err == nil) != (want > 0) || err != nil && !strings.Contains(err.Error(), "SLUICE_N") {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

func TestMissingSettingsAreAllNamed(t *testing.T) {
	set := map[string]string{"SLUICE_TABLE": "t"}
	lookup := func(k string) (string, bool) { v, ok := set[k]; return v, ok }
	_, err := checkSettings("api", lookup)
	if err == nil || !strings.Contains(err.Error(), "SLUICE_PUBLISH_INBOX_URL, SLUICE_SOURCE_BUCKET") ||
		strings.Contains(err.Error(), "SLUICE_TABLE") {
		t.Errorf("got %v", err)
	}
	if _, err := checkSettings("nobody", lookup); err == nil {
		t.Error("a service that is not in the map must not start")
	}
	if s, err := checkSettings("authorize", lookup); err != nil || s.Name != "authorize" {
		t.Errorf("got %v, %v", s.Name, err)
	}
}
