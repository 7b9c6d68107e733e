package services_test

import (
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

func TestValidProducerBucket(t *testing.T) {
	t.Parallel()
	for bucket, want := range map[string]bool{
		"acme-masters":   true,
		"acme.masters.1": true,
		"sluices":        true,

		"":                                       false,
		"ab":                                     false,
		"sluice-datasource1a2b3c4d-abcdefghijkl": false,
		"SLUICE-datasource1a2b3c4d-abcdefghijkl": false,
		"arn:aws:s3:::acme-masters":              false,
		"arn:aws:s3:::sluice-datasource1a2b3c4d": false,
		"arn:aws:s3:eu-central-1:123456789012:accesspoint/masters": false,
		"masters-aqfqprnstn7aefdfbarligizwgyfouse1a-s3alias":       false,
		"masters-aqfqprnstn7aefdfbarligizwgyfo--ol-s3":             false,
		"mfzwi23gnjvgw.mrap":      false,
		"masters--euc1-az1--x-s3": false,
		"acme-masters/t":          false,
		"acme-masters?versionId":  false,
		"acme masters":            false,
		"acme-masters\n":          false,
		strings.Repeat("a", 64):   false,
	} {
		if got := services.ValidProducerBucket(bucket); got != want {
			t.Errorf("%q: %v", bucket, got)
		}
	}
}
