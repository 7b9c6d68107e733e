package buckets

import (
	"slices"
	"testing"

	"sluice/shared/domain/services"
)

func TestProducerBucketsAreReadFromTheEnvironment(t *testing.T) {
	if got := ListProducers(); len(got) > 0 {
		t.Errorf("without any: %q", got)
	}
	t.Setenv(services.EnvProducerBuckets, "acme-masters,other-masters")
	if got := ListProducers(); !slices.Equal(got, []string{"acme-masters", "other-masters"}) {
		t.Errorf("got %q", got)
	}
}
