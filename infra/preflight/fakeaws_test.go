package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fakeAWS is a server with the operations that preflight calls: one endpoint for all services, each with its protocol.
type fakeAWS struct {
	parameters      map[string]string  // of Systems Manager
	accountQuotas   map[string]float64 // the account's own values
	defaultQuotas   map[string]float64 // AWS's defaults
	concurrency     int                // of Lambda, unreserved
	indexedSpans    float64            // percent, with Transaction Search; 0: it is off
	logRole         string             // of API Gateway
	noDistribution  bool               // there is no CloudFront distribution
	deniedOperation string             // fails with AccessDenied
	operations      []string           // that were called, in order
}

// restOperations are operations by their paths.
var restOperations = map[string]string{
	"/account": "GetAccount", "/2016-08-19/account-settings": "GetAccountSettings",
	"/GetTraceSegmentDestination": "GetTraceSegmentDestination", "/GetIndexingRules": "GetIndexingRules",
}

func (a *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, op, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case restOperations[r.URL.Path] != "":
		op, isJSON = restOperations[r.URL.Path], true
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
	case op == "GetAccountSettings":
		fmt.Fprintf(
			w, `{"AccountLimit":{"ConcurrentExecutions":%d,"UnreservedConcurrentExecutions":%d}}`, a.concurrency+100,
			a.concurrency,
		)
	case op == "GetTraceSegmentDestination":
		destination := map[bool]string{true: "CloudWatchLogs", false: "XRay"}[a.indexedSpans > 0]
		fmt.Fprintf(w, `{"Destination":%q,"Status":"ACTIVE"}`, destination)
	case op == "GetIndexingRules":
		fmt.Fprintf(
			w, `{"IndexingRules":[{"Name":"Default","Rule":{"Probabilistic":{"DesiredSamplingPercentage":%v}}}]}`,
			a.indexedSpans,
		)
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
		concurrency:   1000,
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
