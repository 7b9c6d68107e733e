package api_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"sluice/shared/domain/services"
)

// described is the document, with a router that finds the operation of a request.
type described struct {
	*openapi3.T
	routers.Router
	statuses map[string][]string // of each code that docs/errors.md lists
}

// readDescription loads the document once. In answers, what it doesn't know is a mistake here and nowhere else: clients
// must bear new fields.
var readDescription = sync.OnceValues(func() (described, error) {
	b, err := os.ReadFile("openapi.json")
	if err != nil {
		return described{}, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		return described{}, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return described{}, err
	}
	doc.Servers = nil
	closed := &closer{map[*openapi3.Schema]bool{}}
	for _, path := range doc.Paths.Map() {
		for _, op := range path.Operations() {
			for _, answer := range op.Responses.Map() {
				for _, form := range answer.Value.Content {
					closed.close(form.Schema)
				}
			}
		}
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		return described{}, err
	}
	statuses, err := listed()
	return described{doc, router, statuses}, err
})

// listed returns the statuses of each code of the API in docs/errors.md.
func listed() (map[string][]string, error) {
	b, err := os.ReadFile("../../docs/errors.md")
	all := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(.*)` \\| ([0-9, ]+) \\|").FindAllStringSubmatch(string(b), -1) {
		all[row[1]] = strings.Split(row[2], ", ")
	}
	return all, err
}

func description(tb testing.TB) described {
	tb.Helper()
	d, err := readDescription()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// closer makes schemas refuse properties that they don't name.
type closer struct{ seen map[*openapi3.Schema]bool }

func (c *closer) close(ref *openapi3.SchemaRef) {
	if ref == nil || c.seen[ref.Value] {
		return
	}
	s := ref.Value
	c.seen[s] = true
	if no := false; len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = &no
	}
	c.close(s.Items)
	for _, p := range s.Properties {
		c.close(p)
	}
}

// misread are the codes of requests that are not of the form that the document gives.
var misread = []string{"body_malformed", "field_missing", "field_unknown", "field_invalid", "parameter_invalid"}

// check holds a request and its answer to the document: what is answered is in it; what works, and only that, it lets in.
func (d described) check(tb testing.TB, e lambdaevents.APIGatewayProxyRequest, got result) {
	tb.Helper()
	r := asSent(tb, e)
	route, path, err := d.FindRoute(r)
	if err != nil || loose(e.Path, path) {
		if got.str("code") != "route_unknown" && got.str("code") != "method_unknown" {
			tb.Errorf("%s %s is not described: %v; answered %d %s", e.HTTPMethod, e.Path, err, got.status, got.text)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: path, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
	}}
	refused := openapi3filter.ValidateRequest(tb.Context(), in)
	if refused != nil && got.status < 300 {
		tb.Errorf("%s %s %.200s works, but is described otherwise: %v", e.HTTPMethod, e.Path, e.Body, refused)
	}
	if refused == nil && slices.Contains(misread, got.str("code")) {
		tb.Errorf("%s %s %.200s is as described, but was answered %s", e.HTTPMethod, e.Path, e.Body, got.text)
	}
	if code := got.str("code"); got.status >= 400 && !slices.Contains(d.statuses[code], strconv.Itoa(got.status)) {
		tb.Errorf("%s is answered with %d; docs/errors.md says %v", code, got.status, d.statuses[code])
	}
	err = openapi3filter.ValidateResponse(tb.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: got.status, Header: got.header, Body: io.NopCloser(strings.NewReader(got.text)), Options: in.Options,
	})
	if err != nil {
		tb.Errorf("%s %s answers otherwise than described: %v", e.HTTPMethod, e.Path, err)
	}
}

// loose reports whether the router has found a path that it was not asked for.
func loose(asked string, params map[string]string) bool {
	return strings.HasSuffix(asked, "/") || slices.Contains(slices.Collect(maps.Values(params)), "")
}

// asSent returns the request as a client sends it, with its content type.
func asSent(tb testing.TB, e lambdaevents.APIGatewayProxyRequest) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), e.HTTPMethod, "/", strings.NewReader(e.Body))
	if err != nil {
		tb.Fatal(err)
	}
	r.URL.Path = e.Path
	r.URL.RawQuery = url.Values(e.MultiValueQueryStringParameters).Encode()
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// TestTheDocumentHasTheMapsRoutes: all of them, of all services, with who may call them.
func TestTheDocumentHasTheMapsRoutes(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, s := range services.Map {
		for _, r := range s.Routes {
			auth := map[services.Auth]string{services.Open: "", services.ByToken: "token", services.ByCaller: "iam"}[r.Auth]
			want = append(want, strings.Join([]string{r.Method, strings.ReplaceAll(r.Path, "+}", "}"), auth, r.Scope}, " "))
		}
	}
	for path, item := range description(t).Paths.Map() {
		for method, op := range item.Operations() {
			auth := ""
			if op.Security == nil {
				t.Errorf("%s %s doesn't say who may call it", method, path)
				continue
			}
			for _, one := range *op.Security {
				for name := range one {
					auth += name
				}
			}
			scope, _ := op.Extensions["x-scope"].(string)
			got = append(got, strings.Join([]string{method, path, auth, scope}, " "))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-map +openapi.json:\n%s", d)
	}
}

// TestEveryPostTakesAnIdempotencyKey, and the document says so.
func TestEveryPostTakesAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	for path, item := range description(t).Paths.Map() {
		if item.Post != nil && item.Post.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			t.Errorf("POST %s", path)
		}
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	got := newWorld(t).do(t, nobody, "GET", "/v1/openapi.json", "")
	if _, err := openapi3.NewLoader().LoadFromData([]byte(got.text)); err != nil || got.json["openapi"] != "3.0.3" {
		t.Errorf("%d %v", got.status, err)
	}
}
