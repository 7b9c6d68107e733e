package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Outputs are the outputs of the deployed stacks: values by stack and name.
type Outputs map[string]map[string]string

// Get returns the output with a name, whichever stack has it.
func (o Outputs) Get(name string) (string, error) {
	for _, stack := range slices.Sorted(maps.Keys(o)) {
		if value, ok := o[stack][name]; ok {
			return value, nil
		}
	}
	return "", fmt.Errorf("no deployed stack has an output %s", name)
}

// ReadOutputs reads a file that `cdk deploy --outputs-file` wrote.
func ReadOutputs(path string) (Outputs, error) {
	return readJSON[Outputs](path)
}

func readJSON[T any](path string) (v T, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// Env is what a client needs to know about the local cloud with Sluice in it.
type Env struct {
	Root     string // the repository
	Endpoint string // of every AWS service
	APIURL   string // of Sluice, without /v1 and without a slash at its end
	XRay     string // URL of the collector's X-Ray API; "": there is none
	Region   string
	Outputs  Outputs
	Requests string // file with the requests that functions sent, if the cloud was started with SLUICE_RECORD=1

	key rootKey
}

// Open returns the running local cloud of the repository at root. It returns an error if nothing runs or nothing is
// deployed.
func Open(root string) (Env, error) {
	c, err := findCloud(root)
	if err != nil {
		return Env{}, err
	}
	s, running := c.readServerState()
	if !running {
		return Env{}, errNotRunning
	}
	c.Port = s.Port
	outputs, err := ReadOutputs(c.dataPath("outputs.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Env{}, errors.New("the local cloud runs, but Sluice is not deployed in it: make deploy-local")
	}
	if err != nil {
		return Env{}, err
	}
	key, err := c.readRootKey()
	if err != nil {
		return Env{}, err
	}
	return Env{
		Root: root, Endpoint: c.endpointURL(), APIURL: c.apiURL(), XRay: s.Collector.apiURL(), Region: Region,
		Outputs: outputs, Requests: c.requestsPath(), key: key,
	}, nil
}

// AWSConfig returns the configuration of AWS clients for the local cloud, as the account's root user. S3 clients have
// to use path-style addresses (o.UsePathStyle = true), because bucket names are not host names here.
func (e Env) AWSConfig() aws.Config {
	return aws.Config{
		Region:       e.Region,
		BaseEndpoint: aws.String(e.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(e.key.ID, e.key.Secret, ""),
	}
}

// EnvVars returns the same settings as environment variables.
func (e Env) EnvVars() []string {
	return append(clientEnv(e.Endpoint, e.key), "SLUICE_API="+e.APIURL)
}
