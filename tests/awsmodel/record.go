package awsmodel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
)

// Record is a request that a local cloud has recorded, and the service whose function sent it.
type Record struct {
	Service string
	Request Request
}

var appID = regexp.MustCompile(`\bapp/sluice-([a-z-]+)`)

// ReadRecords reads the file of a cloud's requests, one JSON object a line, which sluice_executor/requestlog writes.
// The last line may be incomplete.
func ReadRecords(path string) (all []Record, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(file) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		r, err := parseRecord(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func parseRecord(line []byte) (Record, error) {
	var raw struct {
		Method, URL string
		Header      map[string]string
		Body        []byte
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return Record{}, err
	}
	u, err := url.Parse(raw.URL)
	if err != nil {
		return Record{}, err
	}
	r := Record{Request: Request{Method: raw.Method, URL: u, Header: http.Header{}, Body: raw.Body}}
	for name, value := range raw.Header {
		r.Request.Header.Set(name, value)
	}
	if found := appID.FindStringSubmatch(r.Request.Header.Get("User-Agent")); found != nil {
		r.Service = found[1]
	}
	return r, nil
}
