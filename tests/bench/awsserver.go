package main

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// awsServer answers calls of AWS: no row and no object exists, and messages are accepted. It lists the calls.
type awsServer struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
}

func startAWSServer() *awsServer {
	s := &awsServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	return s
}

// takeCalls returns the calls since the last time, as "sqs.SendMessage".
func (s *awsServer) takeCalls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := slices.Clone(s.calls)
	s.calls = nil
	return calls
}

func (s *awsServer) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	call := identifyCall(r)
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	if strings.HasPrefix(call, "s3.") {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
		return
	}
	answer := []byte("{}")
	if strings.HasPrefix(call, "sqs.SendMessage") {
		answer = acceptMessages(body)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE(answer))) // DynamoDB's
	_, _ = w.Write(answer)
}

// userAgentService finds the service in the User-Agent of the AWS SDK for Go.
var userAgentService = regexp.MustCompile(`\bapi/([a-z0-9]+)`)

// identifyCall returns the service and the operation of a call.
func identifyCall(r *http.Request) string {
	service := "unknown"
	if m := userAgentService.FindStringSubmatch(r.UserAgent()); m != nil {
		service = m[1]
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation == "" && service == "s3" {
		operation = map[string]string{http.MethodGet: "GetObject", http.MethodHead: "HeadObject"}[r.Method]
	}
	if operation == "" { // as in /service/x/operation/y
		operation = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	}
	return service + "." + operation
}

// acceptMessages returns the answer to SendMessage or SendMessageBatch, with the checksums that the SDK compares.
func acceptMessages(body []byte) []byte {
	type entry struct{ Id, MessageBody string }
	type result struct{ Id, MessageId, MD5OfMessageBody string }
	var in struct {
		MessageBody string
		Entries     []entry
	}
	_ = json.Unmarshal(body, &in) // the SDK has written it
	accept := func(e entry) result {
		sum := md5.Sum([]byte(e.MessageBody))
		return result{e.Id, "m", hex.EncodeToString(sum[:])}
	}
	out := struct {
		result
		Successful []result
	}{result: accept(entry{MessageBody: in.MessageBody})}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, accept(e))
	}
	b, _ := json.Marshal(out)
	return b
}
