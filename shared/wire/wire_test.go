package wire

import (
	"strings"
	"testing"
)

func TestSettingsNamesAllThatIsMissing(t *testing.T) {
	set := map[string]string{"SLUICE_TABLE": "t"}
	lookup := func(k string) (string, bool) { v, ok := set[k]; return v, ok }
	_, err := settings("api", lookup)
	if err == nil || !strings.Contains(err.Error(), "SLUICE_PUBLISH_INBOX_URL, SLUICE_SOURCE_BUCKET") || strings.Contains(err.Error(), "SLUICE_TABLE") {
		t.Errorf("got %v", err)
	}
	if _, err := settings("nobody", lookup); err == nil {
		t.Error("a service that is not in the map must not start")
	}
	if s, err := settings("authorize", lookup); err != nil || s.Name != "authorize" {
		t.Errorf("got %v, %v", s.Name, err)
	}
}
