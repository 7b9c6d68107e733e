package clouds

import (
	"slices"
	"strings"
	"testing"
)

// skipped runs Needs as a test on a cloud would, and returns why it was skipped.
type skipped struct {
	testing.TB
	why string
}

func (s *skipped) Helper() {}
func (s *skipped) Skipf(format string, args ...any) {
	s.why = strings.TrimSpace(format)
	for _, a := range args {
		if text, ok := a.(string); ok {
			s.why = text
		}
	}
}

func TestATestIsSkippedWhereItsNeedIsNotMet(t *testing.T) {
	for _, tt := range []struct {
		cloud string
		needs []Need
		want  string
	}{
		{"", []Need{Rights}, ""},
		{"ministack", []Need{Rights}, ""},
		{"localstack", []Need{Rights}, "evaluates no policies"},
		{"localstack", nil, ""},
		{"localstack", []Need{Groups, Authorizers}, "our plugin does"},
		{"endpoint", []Need{Rights, Groups}, ""},
	} {
		t.Setenv("CLOUD", tt.cloud)
		s := &skipped{TB: t}
		Needs(s, tt.needs...)
		if (s.why == "") != (tt.want == "") || !strings.Contains(s.why, tt.want) {
			t.Errorf("%v on %q: %q, want %q", tt.needs, tt.cloud, s.why, tt.want)
		}
	}
}

func TestACaseIsKnownByItsName(t *testing.T) {
	t.Parallel()
	t.Run(string(PartSize), func(t *testing.T) {
		if got := Case(t); !slices.Equal(got, []Need{PartSize}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("another", func(t *testing.T) {
		if got := Case(t); got != nil {
			t.Errorf("got %v", got)
		}
	})
}

func TestEveryLackIsOfACloudAndHasAReason(t *testing.T) {
	t.Parallel()
	for n, clouds := range lacks {
		for cloud, why := range clouds {
			if !slices.Contains(Local, cloud) || why == "" {
				t.Errorf("%s: %q, %q", n, cloud, why)
			}
		}
		if len(clouds) == len(Local) {
			t.Errorf("%s: no cloud meets it, so no test of it could run", n)
		}
	}
}
