package cloud

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// AdminClient calls the routes of Sluice's API that are for IAM principals of the account. It signs each request with
// AWS credentials.
type AdminClient struct {
	URL string // of the API, without /v1
	AWS aws.Config
}

// NewAdminClient returns a client of the API that SLUICE_API names, with the AWS credentials of the person who runs it.
// Without SLUICE_API it returns a client of the API in the local cloud.
func NewAdminClient(ctx context.Context, root string) (AdminClient, error) {
	if url := os.Getenv("SLUICE_API"); url != "" {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return AdminClient{}, fmt.Errorf("load the AWS configuration: %w", err)
		}
		if cfg.Region == "" {
			return AdminClient{}, errors.New("SLUICE_API is set, but no AWS region is: set AWS_REGION")
		}
		return AdminClient{URL: strings.TrimRight(url, "/"), AWS: cfg}, nil
	}
	env, err := Open(root)
	if err != nil {
		return AdminClient{}, err
	}
	return AdminClient{URL: env.APIURL, AWS: env.AWSConfig()}, nil
}

// CreateToken creates the tenant, unless it exists, and returns a new token with the scopes. The default scopes are
// videos:read and videos:write.
func (o AdminClient) CreateToken(ctx context.Context, tenant string, scopes ...string) (string, error) {
	if len(scopes) == 0 {
		scopes = []string{"videos:read", "videos:write"}
	}
	if err := o.createUnlessExists(ctx, "/v1/tenants", map[string]any{"name": tenant}); err != nil {
		return "", err
	}
	text, err := o.postJSON(ctx, "/v1/tokens", map[string]any{"tenant": tenant, "scopes": scopes})
	if err != nil {
		return "", err
	}
	var answer struct{ Token string }
	if err := json.Unmarshal(text, &answer); err != nil || answer.Token == "" {
		return "", fmt.Errorf("%s/v1/tokens answered without a token", o.URL)
	}
	return answer.Token, nil
}

// RevokeToken makes a token invalid that CreateToken has returned: slc_<id>_<secret>. Authorizers may know it for some
// minutes more.
func (o AdminClient) RevokeToken(ctx context.Context, token string) error {
	id, _, _ := strings.Cut(strings.TrimPrefix(token, "slc_"), "_")
	_, err := o.callSigned(ctx, http.MethodDelete, "/v1/tokens/"+url.PathEscape(id), nil)
	return err
}

// ProducerBucket is the bucket that Sluice in the local cloud may fetch originals from. The producer creates it.
const ProducerBucket = "acme-masters"

// Producer registers a principal that may send commands for a tenant, and name objects of a bucket.
type Producer struct {
	Sender   string   `json:"sender"` // the principal's unique id, as SQS has it
	Bucket   string   `json:"bucket"`
	Prefix   string   `json:"prefix"`
	Tenant   string   `json:"tenant"`
	Commands []string `json:"commands,omitempty"` // that it may send; none: create
}

// RegisterProducer creates the tenant of s, unless it exists, and registers s.
func (o AdminClient) RegisterProducer(ctx context.Context, s Producer) error {
	if err := o.createUnlessExists(ctx, "/v1/tenants", map[string]any{"name": s.Tenant}); err != nil {
		return err
	}
	return o.createUnlessExists(ctx, "/v1/sources", s)
}

func (o AdminClient) createUnlessExists(ctx context.Context, path string, body any) error {
	_, err := o.postJSON(ctx, path, body)
	if refused := (*apiError)(nil); errors.As(err, &refused) && refused.status == http.StatusConflict {
		return nil
	}
	return err
}

// apiError is a response with a status other than 2xx.
type apiError struct {
	url, text string
	status    int
}

func (r *apiError) Error() string { return fmt.Sprintf("%s answered %d: %s", r.url, r.status, r.text) }

func (o AdminClient) postJSON(ctx context.Context, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return o.callSigned(ctx, http.MethodPost, path, text)
}

// callSigned sends a request with a signature and returns the body of the response. Its error is an *apiError for a
// status other than 2xx.
func (o AdminClient) callSigned(ctx context.Context, method, path string, text []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, o.URL+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	creds, err := o.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("get AWS credentials: %w", err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	if err := v4.NewSigner().SignHTTP(ctx, creds, req, sum, "execute-api", o.AWS.Region, time.Now()); err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		// The sentence in a problem document (RFC 9457) or in a response of API Gateway.
		var problem struct{ Detail, Title, Message string }
		_ = json.Unmarshal(answer, &problem) // what is not JSON is shown as it is
		reason := cmp.Or(problem.Detail, problem.Title, problem.Message,
			strings.TrimSpace(string(answer[:min(len(answer), 300)])))
		return nil, &apiError{url: o.URL + path, text: reason, status: res.StatusCode}
	}
	return answer, nil
}
