package apitest

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
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

	"sluice/docs"
	"sluice/functions/api"
)

// Description is the OpenAPI document, with a router that finds the operation of a request.
type Description struct {
	*openapi3.T
	routers.Router
	statuses     map[string][]string // HTTP statuses of each error code in docs/errors.md
	beyondSchema []string            // codes of requests that are refused though they match the document
}

// readDescription loads the document, once. It makes schemas of responses reject unknown members, which clients must
// accept.
var readDescription = sync.OnceValues(func() (Description, error) {
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.FileBodyDecoder)
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		return Description{}, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return Description{}, err
	}
	doc.Servers = nil
	closed := &schemaCloser{map[*openapi3.Schema]bool{}}
	for _, path := range doc.Paths.Map() {
		for _, op := range path.Operations() {
			for _, response := range op.Responses.Map() {
				for _, media := range response.Value.Content {
					closed.closeSchema(media.Schema)
				}
			}
		}
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		return Description{}, err
	}
	statuses := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(.*)` \\| ([0-9, ]+) \\|").FindAllStringSubmatch(
		docs.ErrorsMarkdown, -1,
	) {
		statuses[row[1]] = strings.Split(row[2], ", ")
	}
	var beyond []string
	codes, _ := doc.Components.Responses["Invalid"].Value.Extensions["x-beyond-schema"].([]any)
	for _, c := range codes {
		beyond = append(beyond, c.(string))
	}
	return Description{doc, router, statuses, beyond}, nil
})

// LoadDescription returns the OpenAPI document that the API serves.
func LoadDescription(tb testing.TB) Description {
	tb.Helper()
	d, err := readDescription()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// schemaCloser makes schemas reject properties that they don't name.
type schemaCloser struct{ seen map[*openapi3.Schema]bool }

func (c *schemaCloser) closeSchema(ref *openapi3.SchemaRef) {
	if ref == nil || c.seen[ref.Value] {
		return
	}
	s := ref.Value
	c.seen[s] = true
	if no := false; len(s.Properties) > 0 && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = &no
	}
	c.closeSchema(s.Items)
	for _, p := range s.Properties {
		c.closeSchema(p)
	}
}

// shapeErrors are the codes of requests that don't match the document.
var shapeErrors = []string{"body_malformed", "field_missing", "field_unknown", "field_invalid", "parameter_invalid"}

// checkExchange compares a request and its response with the document. The document must accept the response, and each
// request that succeeds. It must reject each that is refused for another reason than those in x-beyond-schema.
func (d Description) checkExchange(tb testing.TB, e lambdaevents.APIGatewayProxyRequest, got Result) {
	tb.Helper()
	r := newClientRequest(tb, e)
	route, path, err := d.FindRoute(r)
	// The router also finds paths with a trailing slash or an empty parameter.
	if err != nil || strings.HasSuffix(e.Path, "/") || slices.Contains(slices.Collect(maps.Values(path)), "") {
		if got.Field("code") != "route_unknown" && got.Field("code") != "method_unknown" {
			tb.Errorf("%s %s is not in the document: %v; the response is %d %s", e.HTTPMethod, e.Path, err, got.Status,
				got.Text)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: path, Route: route, Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		},
	}
	invalid := openapi3filter.ValidateRequest(tb.Context(), in)
	if invalid != nil && got.Status < 300 {
		tb.Errorf("%s %s %.200s succeeds, but the document rejects it: %v", e.HTTPMethod, e.Path, e.Body, invalid)
	}
	if invalid == nil && slices.Contains(shapeErrors, got.Field("code")) {
		tb.Errorf("%s %s %.200s matches the document, but the response is %s", e.HTTPMethod, e.Path, e.Body, got.Text)
	}
	for _, code := range got.refusals() {
		if invalid == nil && !slices.Contains(d.beyondSchema, code) {
			tb.Errorf("%s %s %.200s matches the document, but is refused with %s: the schema must state what is "+
				"allowed, or x-beyond-schema have the code if no schema can", e.HTTPMethod, e.Path, e.Body, code)
		}
	}
	if code := got.Field("code"); got.Status >= 400 && !slices.Contains(d.statuses[code], strconv.Itoa(got.Status)) {
		tb.Errorf("%s has status %d; docs/errors.md says %v", code, got.Status, d.statuses[code])
	}
	err = openapi3filter.ValidateResponse(tb.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: got.Status, Header: got.Header,
		Body: io.NopCloser(strings.NewReader(got.Text)), Options: in.Options,
	})
	if err != nil {
		tb.Errorf("the document rejects the response of %s %s: %v", e.HTTPMethod, e.Path, err)
	}
}

// refusals returns the codes of a response with status 422: those of its fields, or else its own.
func (r Result) refusals() []string {
	if r.Status != http.StatusUnprocessableEntity {
		return nil
	}
	if fields := r.listMembers("errors", "code"); len(fields) > 0 {
		return fields
	}
	return []string{r.Field("code")}
}

// newClientRequest returns the HTTP request of an event, with its content type.
func newClientRequest(tb testing.TB, e lambdaevents.APIGatewayProxyRequest) *http.Request {
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
