package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// fakeAWS is a server with the operations that preflight calls: one endpoint for all services, each with its protocol.
type fakeAWS struct {
	parameters      map[string]string  // of Systems Manager
	accountQuotas   map[string]float64 // the account's own values
	defaultQuotas   map[string]float64 // AWS's defaults
	logRole         string             // of API Gateway
	noDistribution  bool               // there is no CloudFront distribution
	deniedOperation string             // fails with AccessDenied
	operations      []string           // that were called, in order
}

func (a *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, op, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/account":
		op, isJSON = "GetAccount", true
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/distribution"):
		op = "ListDistributions"
	case !isJSON:
		op = "GetCallerIdentity"
	}
	a.operations = append(a.operations, op)
	switch {
	case op == "ListDistributions" && a.deniedOperation != op:
		a.listDistributions(w)
	case !isJSON && a.deniedOperation == op:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(
			w,
			`<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>`,
		)
	case !isJSON:
		fmt.Fprint(
			w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>`+
				`<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
		)
	case a.deniedOperation == op:
		a.writeError(w, "AccessDeniedException", "not authorized to perform "+op)
	case op == "GetAccount":
		_ = json.NewEncoder(w).Encode(map[string]any{"cloudwatchRoleArn": a.logRole, "apiKeyVersion": "4"})
	case op == "GetParameters":
		a.getParameters(w, body)
	case op == "GetServiceQuota":
		a.getQuota(w, body, a.accountQuotas)
	case op == "GetAWSDefaultServiceQuota":
		a.getQuota(w, body, a.defaultQuotas)
	}
}

func (a *fakeAWS) listDistributions(w http.ResponseWriter) {
	items := "<Quantity>0</Quantity>"
	if !a.noDistribution {
		items = "<Quantity>1</Quantity><Items><DistributionSummary><Id>E1</Id></DistributionSummary></Items>"
	}
	fmt.Fprintf(
		w, "<DistributionList><IsTruncated>false</IsTruncated><Marker></Marker><MaxItems>1</MaxItems>%s</DistributionList>",
		items,
	)
}

func (a *fakeAWS) writeError(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
}

func (a *fakeAWS) getParameters(w http.ResponseWriter, body []byte) {
	var in struct{ Names []string }
	_ = json.Unmarshal(body, &in) // an invalid body names nothing
	var out struct {
		Parameters        []map[string]string
		InvalidParameters []string
	}
	if len(in.Names) > 10 {
		a.writeError(w, "ValidationException", "at most ten")
		return
	}
	for _, name := range in.Names {
		if value, ok := a.parameters[name]; ok {
			out.Parameters = append(out.Parameters, map[string]string{"Name": name, "Value": value})
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	_ = json.NewEncoder(w).Encode(out) // the client reports what is missing
}

func (a *fakeAWS) getQuota(w http.ResponseWriter, body []byte, from map[string]float64) {
	var in struct{ ServiceCode, QuotaCode string }
	_ = json.Unmarshal(body, &in)
	value, ok := from[in.ServiceCode+" "+in.QuotaCode]
	if !ok {
		a.writeError(w, "NoSuchResourceException", "no such quota")
		return
	}
	fmt.Fprintf(w, `{"Quota":{"Value":%v}}`, value)
}

// newFakeAWS starts an AWS whose account lacks nothing, and sets the environment of a caller.
func newFakeAWS(t *testing.T) *fakeAWS {
	a := &fakeAWS{
		parameters:    map[string]string{bootstrapVersion: "28"},
		accountQuotas: map[string]float64{"lambda L-B99A9384": 1000},
		defaultQuotas: map[string]float64{"apigateway L-8A5B8E43": 10_000},
	}
	for _, s := range requiredServices {
		a.parameters["/aws/service/global-infrastructure/regions/eu-west-1/services/"+s] = s
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	clearCredentials(t)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	return a
}

// clearCredentials sets the environment of a caller without credentials.
func clearCredentials(t *testing.T) {
	for _, name := range []string{
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
}

// runPreflight returns the exit status, stdout and stderr.
func runPreflight(t *testing.T, args ...string) (int, string, string) {
	var out, errs strings.Builder
	status := run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestPreflightPassesForACompleteAccount(t *testing.T) {
	a := newFakeAWS(t)
	status, out, errs := runPreflight(t)
	if status != 0 || errs != "" {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, want := range []string{
		"account 123456789012, eu-west-1, as arn:aws:iam::123456789012:user/ann", "version 28", "the account has 1000",
		"the account has 10000", "Sluice can be deployed here.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	want := []string{
		"GetCallerIdentity", "GetParameters", "GetParameters", "GetServiceQuota", "GetServiceQuota",
		"GetAWSDefaultServiceQuota", "GetAccount", "ListDistributions",
	}
	if !slices.Equal(a.operations, want) {
		t.Errorf("asked %v", a.operations)
	}
}

func TestPreflightReportsMissingAndLow(t *testing.T) {
	a := newFakeAWS(t)
	delete(a.parameters, bootstrapVersion)
	a.accountQuotas = map[string]float64{"lambda L-B99A9384": 10}
	status, out, _ := runPreflight(t, "-c", "concurrency=500", "-c", "arch=arm64")
	if status != 1 {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{
		"missing  CDK bootstrap", "cdk bootstrap --app '' aws://123456789012/eu-west-1", "low      Lambda concurrency",
		"concurrency=500", "request-service-quota-increase --service-code lambda", "cannot be deployed",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestPreflightReportsALogRoleThatADeploymentWouldReplace(t *testing.T) {
	newFakeAWS(t).logRole = "arn:aws:iam::123456789012:role/api-logs"
	status, out, _ := runPreflight(t)
	if status != 1 || !strings.Contains(out, "conflict API Gateway log role") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, out, _ := runPreflight(t, "-c", "gateway_log_role=existing"); status != 0 ||
		!strings.Contains(out, "Sluice can be deployed here.") {
		t.Errorf("with the setting: status %d\n%s", status, out)
	}
}

func TestPreflightNamesTheSettingWithoutCloudFront(t *testing.T) {
	newFakeAWS(t).noDistribution = true
	status, out, _ := runPreflight(t)
	if status != 0 || !strings.Contains(out, "unknown  CloudFront") || !strings.Contains(out, "-c cdn=false") {
		t.Errorf("status %d\n%s", status, out)
	}
	if status, out, _ := runPreflight(t, "-c", "cdn=false"); status != 0 ||
		!strings.Contains(out, "Sluice can be deployed here.") {
		t.Errorf("with the setting: status %d\n%s", status, out)
	}
}

func TestPreflightReportsUnreadableAsUnknown(t *testing.T) {
	for _, op := range []string{"GetParameters", "GetServiceQuota", "GetAWSDefaultServiceQuota", "GetAccount"} {
		t.Run(op, func(t *testing.T) {
			a := newFakeAWS(t)
			a.deniedOperation = op
			status, out, _ := runPreflight(t)
			if status != 0 || !strings.Contains(out, "unknown  ") ||
				!strings.Contains(out, "AccessDeniedException: not authorized to perform "+op) {
				t.Errorf("status %d\n%s", status, out)
			}
		})
	}
}

func TestPreflightFailsWithoutCredentialsOrRegion(t *testing.T) {
	tests := []struct {
		name string
		set  func(*testing.T)
		want string
	}{
		{"no credentials", func(t *testing.T) {
			clearCredentials(t)
			t.Setenv("AWS_REGION", "eu-west-1")
		}, "there are no AWS credentials"},
		{"no region", func(t *testing.T) {
			clearCredentials(t)
			t.Setenv("AWS_ACCESS_KEY_ID", "k")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
		}, "no AWS region is set"},
		{"a profile that is not there", func(t *testing.T) {
			clearCredentials(t)
			t.Setenv("AWS_PROFILE", "gone")
		}, "there are no AWS credentials"},
		{"expired credentials", func(t *testing.T) {
			newFakeAWS(t).deniedOperation = "GetCallerIdentity"
		}, "ExpiredToken: The security token is expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.set(t)
			if status, out, errs := runPreflight(t); status != 1 || out != "" || !strings.Contains(errs, tt.want) {
				t.Errorf("status %d, %q, %q", status, out, errs)
			}
		})
	}
}

func TestPreflightFlags(t *testing.T) {
	clearCredentials(t)
	tests := []struct {
		args   []string
		status int
		errs   string
	}{
		{[]string{"--help"}, 0, "usage: preflight"},
		{[]string{"-c", "concurrency=many"}, 2, "many"},
		{[]string{"now"}, 2, `no argument "now"`},
	}
	for _, tt := range tests {
		if status, _, errs := runPreflight(t, tt.args...); status != tt.status || !strings.Contains(errs, tt.errs) {
			t.Errorf("%v: status %d, %s", tt.args, status, errs)
		}
	}
}
