package apidocs_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/docs"
	"sluice/functions/api"
	"sluice/functions/api/apidocs"
	"sluice/shared/domain/services"
)

// renderPage returns the page of the API's document.
func renderPage(t *testing.T) apidocs.Page {
	t.Helper()
	page, err := apidocs.Render(api.OpenAPI, nil, docs.APIChangesMarkdown)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestPageShowsEveryRoute(t *testing.T) {
	t.Parallel()
	page := string(renderPage(t).HTML)
	for _, s := range services.Map {
		for _, r := range s.Routes {
			want := r.Method + `</b> <code>` + strings.ReplaceAll(r.Path, "+}", "}") + `</code>`
			if !strings.Contains(page, want) {
				t.Errorf("%s %s is not on the page", r.Method, r.Path)
			}
		}
	}
}

func TestPageNamesNoOtherHost(t *testing.T) {
	t.Parallel()
	page := renderPage(t)
	reference := regexp.MustCompile(`(?:src|href|action|url)\s*[=(]\s*"?([^"\s>)]*)`)
	for _, m := range reference.FindAllSubmatch(page.HTML, -1) {
		if to := string(m[1]); !strings.HasPrefix(to, "#") && to != "v1/openapi.json" {
			t.Errorf("the page refers to %s", to)
		}
	}
	if strings.Contains(string(page.HTML), "<script") {
		t.Error("the page has a script")
	}
}

func TestPolicyAllowsTheStylesheetAlone(t *testing.T) {
	t.Parallel()
	page := renderPage(t)
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindSubmatch(page.HTML)
	if style == nil {
		t.Fatal("the page has no stylesheet")
	}
	sum := sha256.Sum256(style[1])
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if d := cmp.Diff(want, page.Policy); d != "" {
		t.Error(d)
	}
}

func TestRenderShowsFieldsLimitsAndExamples(t *testing.T) {
	t.Parallel()
	page, err := apidocs.Render([]byte(`{
		"info": {"title": "T<", "version": "1"}, "tags": [{"name": "things"}],
		"paths": {"/things/{id}": {
			"parameters": [
				{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^t"}}
			],
			"post": {"operationId": "makeThing", "summary": "Make it", "tags": ["things"], "security": [{"token": []}],
				"x-scope": "write",
				"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
				"responses": {"404": {"$ref": "#/components/responses/None"}}}
		}},
		"components": {
			"responses": {"None": {"description": "There is none."}},
			"schemas": {
				"Problem": {"type": "object"},
				"Thing": {"type": "object", "required": ["size"], "properties": {
					"size": {"type": "integer", "minimum": 1, "maximum": 9, "example": 5},
					"kind": {"type": "string", "enum": ["a", "b"], "nullable": true},
					"life": {"type": "integer", "anyOf": [{"minimum": 0, "maximum": 0}, {"minimum": 60}], "example": 60},
					"inner": {"type": "array", "maxItems": 2, "items": {"$ref": "#/components/schemas/Thing"}}
				}}
			}
		}}`), []apidocs.Messages{
		{Heading: "To you", Types: []apidocs.Message{{Type: "a.v1", Title: "It is so", Example: `{"a": 1}`}}},
	}, "# All\n\n## Today\n\n- It is `a<b`\n  [new](new.md#it).\n")
	if err != nil {
		t.Fatal(err)
	}
	text := html.UnescapeString(regexp.MustCompile(`\s+`).ReplaceAllString(string(page.HTML), " "))
	for _, want := range []string{
		"<h1>T< API</h1>", "By: token with the scope write",
		"<code>id</code> <i>required</i></th><td>path, string</td>",
		"matches ^t", "<code>size</code> <i>required</i></th><td>integer</td>", "1 to 9",
		`<td>string or null</td><td> <code class="limits">one of "a", "b"`, ">0; or at least 60<",
		"<td>array of object</td>", "at most 2 items", `{ "inner": [], "kind": "a", "life": 60, "size": 5 }`,
		"<b>404</b> There is none.", "<h3>To you</h3>",
		`<p>It is so.</p> <pre tabindex="0">{"a": 1}</pre>`, "<h3>Today</h3> <ul> <li>It is <code>a<b</code> new.</li>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestRenderRejectsWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	if _, err := apidocs.Render([]byte("{"), nil, ""); err == nil {
		t.Error("no error")
	}
	if !json.Valid(api.OpenAPI) {
		t.Error("the API's document is no JSON")
	}
}
