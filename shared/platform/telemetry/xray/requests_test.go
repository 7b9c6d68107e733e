package xray_test

import (
	"net/http"
	"testing"

	"sluice/shared/domain/services"
	"sluice/shared/platform/telemetry/xray"
	"sluice/tests/awsmodel"
)

// TestRequestsMatchServiceModels asks for a video, and for a sample of all services.
func TestRequestsMatchServiceModels(t *testing.T) {
	t.Parallel()
	r := xray.New(awsmodel.NewConfig(t, func(r *http.Request) string {
		if r.URL.Path == "/Traces" {
			return `{"Traces":[]}`
		}
		return `{"TraceSummaries":[{"Id":"1-6a000000-000000000000000000000001"}]}`
	}))
	if _, _, err := r.ReadDocuments(t.Context(), "vid_01KBQ4Z8GZ0000000000000000", windows); err != nil {
		t.Error(err)
	}
	var all []string
	for _, s := range services.Map {
		all = append(all, s.Name)
	}
	if _, err := r.SampleRecent(t.Context(), [][]string{all}, windows[0]); err != nil {
		t.Error(err)
	}
}
