package cloud_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"sluice/localstack/cloud"
)

// newFakeAPI starts a server with the responses of Sluice's API, and returns a client and the requests that the server
// gets.
func newFakeAPI(t *testing.T, tenants, tokens int) (cloud.AdminClient, *[]string) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+string(body))
		if auth := r.Header.Get("Authorization"); !strings.Contains(auth, "/eu-west-1/execute-api/aws4_request") {
			t.Errorf("%s is not signed for execute-api: %q", r.URL.Path, auth)
		}
		status, answer := tenants, `{"name":"acme"}`
		if r.URL.Path == "/prod/v1/tokens" {
			status, answer = tokens, `{"token":"slc_secret"}`
		}
		if status >= 400 {
			answer = `{"title":"No","detail":"Not like this."}`
		}
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	return cloud.AdminClient{URL: server.URL + "/prod", AWS: aws.Config{
		Region:      "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "session"),
	}}, &asked
}

func TestCreateToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		tenants, tokens int
		token, err      string
	}{
		{"a new tenant", 201, 201, "slc_secret", ""},
		{"a known tenant", 409, 201, "slc_secret", ""},
		{"a bad name", 400, 201, "", "/v1/tenants answered 400: Not like this."},
		{"no right", 201, 403, "", "/v1/tokens answered 403: Not like this."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			operator, _ := newFakeAPI(t, c.tenants, c.tokens)
			token, err := operator.CreateToken(t.Context(), "acme")
			if token != c.token {
				t.Errorf("token %q, want %q", token, c.token)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasSuffix(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

func TestCreateTokenRequests(t *testing.T) {
	t.Parallel()
	operator, asked := newFakeAPI(t, 201, 201)
	if _, err := operator.CreateToken(t.Context(), `ac"me`); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`POST /prod/v1/tenants {"name":"ac\"me"}`,
		`POST /prod/v1/tokens {"scopes":["videos:read","videos:write"],"tenant":"ac\"me"}`,
	}
	if diff := cmp.Diff(want, *asked); diff != "" {
		t.Error(diff)
	}
}

func TestNewAdminClientOnAWS(t *testing.T) {
	t.Setenv("SLUICE_API", "https://api.example/prod/")
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CA_BUNDLE", "")
	operator, err := cloud.NewAdminClient(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if operator.URL != "https://api.example/prod" || operator.AWS.Region != "eu-west-1" {
		t.Errorf("%s in %s", operator.URL, operator.AWS.Region)
	}
}
