package clouds

import (
	"slices"
	"strings"
	"testing"
)

// skipRecorder is a testing.TB that records why it was skipped.
type skipRecorder struct {
	testing.TB
	reason string
}

func (s *skipRecorder) Helper() {}
func (s *skipRecorder) Skipf(format string, args ...any) {
	s.reason = strings.TrimSpace(format)
	for _, a := range args {
		if text, ok := a.(string); ok {
			s.reason = text
		}
	}
}

func TestRequireCapabilitiesSkipsWhenOneIsMissing(t *testing.T) {
	for _, tt := range []struct {
		cloud string
		needs []Capability
		want  string
	}{
		{"", []Capability{IAMPolicies}, ""},
		{"ministack", []Capability{IAMPolicies}, ""},
		{"localstack", []Capability{IAMPolicies}, "evaluates no policies"},
		{"localstack", nil, ""},
		{"localstack", []Capability{FIFOBatches, Authorizers}, "our plugin does"},
		{"endpoint", []Capability{IAMPolicies, FIFOBatches}, ""},
	} {
		t.Setenv("CLOUD", tt.cloud)
		s := &skipRecorder{TB: t}
		RequireCapabilities(s, tt.needs...)
		if (s.reason == "") != (tt.want == "") || !strings.Contains(s.reason, tt.want) {
			t.Errorf("%v on %q: %q, want %q", tt.needs, tt.cloud, s.reason, tt.want)
		}
	}
}

func TestCaseCapabilityIsFoundByName(t *testing.T) {
	t.Parallel()
	t.Run(string(SmallParts), func(t *testing.T) {
		if got := CaseCapabilities(t); !slices.Equal(got, []Capability{SmallParts}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("another", func(t *testing.T) {
		if got := CaseCapabilities(t); got != nil {
			t.Errorf("got %v", got)
		}
	})
}

func TestEveryMissingCapabilityNamesCloudAndReason(t *testing.T) {
	t.Parallel()
	for n, clouds := range missingCapabilities {
		for cloud, why := range clouds {
			if !slices.Contains(LocalClouds, cloud) || why == "" {
				t.Errorf("%s: %q, %q", n, cloud, why)
			}
		}
		if len(clouds) == len(LocalClouds) {
			t.Errorf("%s: no cloud meets it, so no test of it could run", n)
		}
	}
}

func TestSkipOnSecondCloudSkipsUnlessLongTestsRun(t *testing.T) {
	for _, tt := range []struct{ cloud, long, want string }{
		{"", "", ""}, {"ministack", "", ""}, {"localstack", "", OneCloudReason}, {"localstack", "1", ""},
		{"endpoint", "", ""},
	} {
		t.Setenv("CLOUD", tt.cloud)
		t.Setenv("SLUICE_LONG_TESTS", tt.long)
		s := &skipRecorder{TB: t}
		if SkipOnSecondCloud(s); s.reason != tt.want {
			t.Errorf("cloud %q, long tests %q: %q, want %q", tt.cloud, tt.long, s.reason, tt.want)
		}
	}
}
