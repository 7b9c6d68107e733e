package httpapi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/apitest"
)

// TestBodyShapeErrorsNameEachField checks the pointer, code and detail of each wrong field.
func TestBodyShapeErrorsNameEachField(t *testing.T) {
	t.Parallel()
	const known = " is not known here; known are `title`, `file_name`, `size`, `content_type`, `external_id`, `metadata`."
	type fieldErrors [][3]string // pointer, code, detail
	for _, row := range []struct {
		name, body string
		want       fieldErrors
	}{
		{
			"nothing", `{}`,
			fieldErrors{
				{"/file_name", "field_missing", "`file_name` is missing."},
				{"/size", "field_missing", "`size` is missing."},
			},
		},
		{
			"null", `{"file_name": null, "size": 1, "title": null}`,
			fieldErrors{{"/file_name", "field_missing", "`file_name` is missing."}},
		},
		{
			"typing mistake", `{"filename": "a", "size": 1}`,
			fieldErrors{
				{"/filename", "field_unknown", "`filename`" + known},
				{"/file_name", "field_missing", "`file_name` is missing."},
			},
		},
		{
			"other case", `{"file_name": "a", "size": 1, "Size": 2}`,
			fieldErrors{{"/Size", "field_unknown", "`Size`" + known}},
		},
		{
			"name that a pointer escapes", `{"file_name": "a", "size": 1, "a/~b": 2}`,
			fieldErrors{{"/a~1~0b", "field_unknown", "`a/~b`" + known}},
		},
		{
			"long name", `{"file_name": "a", "size": 1, "` + strings.Repeat("<", 65) + `": 2}`,
			fieldErrors{{"", "field_unknown", "A field" + known}},
		},
		{
			"text for a number", `{"file_name": "a", "size": "1"}`,
			fieldErrors{{"/size", "field_invalid", "`size` must be a whole number."}},
		},
		{
			"fraction", `{"file_name": "a", "size": 1.5}`,
			fieldErrors{{"/size", "field_invalid", "`size` must be a whole number."}},
		},
		{
			"huge", `{"file_name": "a", "size": 9223372036854775808}`,
			fieldErrors{{"/size", "field_invalid", "`size` must be a whole number."}},
		},
		{
			"number for a text", `{"file_name": 1, "size": 1}`,
			fieldErrors{{"/file_name", "field_invalid", "`file_name` must be a string."}},
		},
		{
			"metadata that is none", `{"file_name": "a", "size": 1, "metadata": []}`,
			fieldErrors{{"/metadata", "field_invalid", "`metadata` must be an object."}},
		},
		{"metadata that is no text", `{"file_name": "a", "size": 1, "metadata": {"a/b": 1, "c": null}}`, fieldErrors{
			{"/metadata/a~1b", "field_invalid", "`a value of metadata` must be a string."},
			{"/metadata/c", "field_invalid", "`a value of metadata` must be a string."},
		}},
		{
			"metadata with a long key",
			`{"file_name": "a", "size": 1, "metadata": {"` + strings.Repeat("k", 65) + `": 1}}`,
			fieldErrors{{"/metadata", "field_invalid", "`a value of metadata` must be a string."}},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := apitest.New(t).DoRequest(t, apitest.Acme, "POST", "/v1/uploads", row.body)
			if got.Status != 400 || got.Field("code") != row.want[0][1] || got.Field("detail") != row.want[0][2] {
				t.Errorf("%d %s", got.Status, got.Text)
			}
			var returned fieldErrors
			list, _ := got.JSON["errors"].([]any)
			for _, e := range list {
				f, _ := e.(map[string]any)
				returned = append(returned, [3]string{f["pointer"].(string), f["code"].(string), f["detail"].(string)})
			}
			if d := cmp.Diff(row.want, returned); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBodyShapeErrorsWithinLists(t *testing.T) {
	t.Parallel()
	fx := apitest.New(t)
	u, _ := fx.CreateUpload(t, apitest.Acme)
	for _, row := range []struct{ name, path, body, code, pointer, detail string }{
		{"no list", "parts", `{"numbers": 1}`, "field_invalid", "/numbers", "`numbers` must be an array."},
		{
			"text in a list", "parts", `{"numbers": [1, "2"]}`, "field_invalid", "/numbers/1",
			"`numbers[1]` must be a whole number.",
		},
		{
			"null in a list", "parts", `{"numbers": [null]}`, "field_invalid", "/numbers/0",
			"`numbers[0]` must be a whole number.",
		},
		{"no object", "complete", `{"parts": [1]}`, "field_invalid", "/parts/0", "`parts[0]` must be an object."},
		{
			"no number", "complete", `{"parts": [{"etag": "x"}]}`, "field_missing", "/parts/0/number",
			"`number` is missing.",
		},
		{
			"unknown within", "complete", `{"parts": [{"number": 1, "ETag": "x"}]}`, "field_unknown", "/parts/0/ETag",
			"`ETag` is not known here; known are `number`, `etag`.",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fx.DoRequest(t, apitest.Acme, "POST", "/v1/uploads/"+u.ID+"/"+row.path, row.body)
			if got.Status != 400 || got.Field("code") != row.code || apitest.FirstErrorPointer(got) != row.pointer ||
				got.Field("detail") != row.detail {
				t.Errorf("%d %s", got.Status, got.Text)
			}
		})
	}
}
