package errs_test

import (
	"testing"

	"sluice/shared/domain/errs"
)

func TestProblemTitleFollowsFromCode(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ code, title string }{
		{"upload_expired", "Upload expired"},
		{"token_invalid", "Token invalid"},
		{"truncated", "Truncated"},
		{"internal", "Something went wrong on our side"},
		{"etag_missing", "ETag missing"},
		{"", ""},
	} {
		p := errs.Problem{Code: errs.Code(row.code), Message: "A sentence."}
		if p.Title() != row.title || p.Type() != "urn:sluice:problem:"+row.code {
			t.Errorf("%s: %q of %s", row.code, p.Title(), p.Type())
		}
	}
}
