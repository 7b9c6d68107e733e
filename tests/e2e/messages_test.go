//go:build integration

package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/oklog/ulid/v2"

	"sluice/events"
	"sluice/localstack/cloud"
	"sluice/shared/domain/access"
	"sluice/tests/clouds"
)

// producer is another system. It may name objects of its bucket below the name of its tenant.
type producer struct {
	deployment
	tenant, runID string // runID is in each of its messages and identifies this run
}

func (d deployment) registerProducer(t *testing.T, tenant string) producer {
	t.Helper()
	s := cloud.Producer{Sender: cloud.Account, Bucket: cloud.ProducerBucket, Prefix: tenant + "/", Tenant: tenant}
	if err := (cloud.AdminClient{URL: d.env.APIURL, AWS: d.aws}).RegisterProducer(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return producer{deployment: d, tenant: tenant, runID: ulid.Make().String()}
}

// buildRequest returns a request for a video. origin has the members of the origin, as JSON.
func (p producer) buildRequest(origin string) string {
	return fmt.Sprintf(
		`{"specversion": "1.0", "type": "upload.requested.v1", "source": "urn:test", "id": %q, "time": "2026-11-22T12:00:00Z", "data": {"external_id": %q, "origin": {%s}}}`,
		ulid.Make(), p.runID, origin,
	)
}

// TestPromise04_BadMessagesDoNotAffectGoodOne sends messages that can't become videos. Each must become a dead letter
// with its code and a reason at once, without a row. A valid message among them must be handled as usual.
func TestPromise04_BadMessagesDoNotAffectGoodOne(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	p := d.registerProducer(t, "messages")
	good := p.buildRequest(`"bucket": "` + cloud.ProducerBucket + `", "key": "messages/not there"`)
	fact := strings.NewReplacer(
		"upload.requested", "video.deleted", `"urn:test"`,
		`"sluice", "tenant": "messages", "subject": "vid_`+p.runID+`"`,
	).Replace(good)
	want := map[string]deadLetterReason{
		`{"specversion": "1.0", "run": "` + p.runID: {
			"invalid", "message_invalid", "unexpected end of JSON",
		},
		`["` + p.runID + `"]`: {
			"invalid", "message_invalid", "cannot unmarshal array",
		},
		p.buildRequest(
			`"url": "file:///etc/passwd"`,
		): {"invalid", "message_invalid", "/data/origin/url: "},
		strings.Replace(
			good, `"1.0"`, `"0.3"`, 1,
		): {"invalid", "message_invalid", "/specversion: "},
		strings.Replace(good, `"source"`, `"tenant": "acme", "source"`, 1): {"invalid", "message_invalid", "/tenant, "},
		strings.Replace(
			good, "requested.v1", "requested.v9", 1,
		): {"invalid", "type_unknown", "upload.requested.v9 is not known"},
		fact: {"invalid", "type_not_taken", "api does not handle video.deleted.v1"},
		p.buildRequest(
			`"bucket": "another", "key": "messages/a.mp4"`,
		): {"forbidden", "origin_forbidden", "may not name this object"},
		p.buildRequest(
			`"bucket": "` + cloud.ProducerBucket + `", "key": "messages"`,
		): {"forbidden", "origin_forbidden", "may not name this object"},
		p.buildRequest(
			`"bucket": "` + d.stackOutput(t, "SourceBucket") + `", "key": "messages"`,
		): {"forbidden", "origin_own", "a bucket of Sluice's own"},
	}
	p.putRequests(t, want, good)
	stranger := strings.Replace(good, "urn:test", "urn:stranger", 1)
	p.sendAsUnregistered(t, stranger)
	want[stranger] = deadLetterReason{"forbidden", "sender_unknown", "Nobody has registered the principal"}

	p.checkDeadLetters(t, want)
	p.checkGoodMessage(t)
}

// TestDeeplyNestedMessageDoesNotAffectGoodOne sends messages that are nested deeper than parsers allow.
func TestDeeplyNestedMessageDoesNotAffectGoodOne(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.DeepNesting)
	t.Parallel()
	p := openDeployment(t).registerProducer(t, "deep")
	want := map[string]deadLetterReason{
		`{"` + p.runID + `": ` + nestedLists(100_000) + `}`: {
			"invalid", "message_invalid", "exceeded max depth",
		},
		p.buildRequest(
			`"bucket": "another", "key": ` + nestedLists(5_000),
		): {"invalid", "message_invalid", "/data/origin/key: breaks type"},
	}
	p.putRequests(t, want, p.buildRequest(`"bucket": "`+cloud.ProducerBucket+`", "key": "deep/not there"`))
	p.checkDeadLetters(t, want)
	p.checkGoodMessage(t)
}

// TestOversizedMessageIsRejectedByQueue sends a message that is larger than the contract allows.
func TestOversizedMessageIsRejectedByQueue(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	_, err := d.sqsClient().SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl:    aws.String(d.stackOutput(t, "InboxApi")),
		MessageBody: aws.String(strings.Repeat("a", events.MaxBytes+1)),
	})
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != "InvalidParameterValue" {
		t.Errorf("got %v, want InvalidParameterValue", err)
	}
}

func (p producer) putRequest(t *testing.T, body string) {
	t.Helper()
	if _, err := p.sqsClient().SendMessage(
		t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(p.stackOutput(t, "InboxApi")), MessageBody: &body},
	); err != nil {
		t.Fatal(err)
	}
}

// putRequests sends bad messages with a good one among them.
func (p producer) putRequests(t *testing.T, bad map[string]deadLetterReason, good string) {
	t.Helper()
	sent := 0
	for body := range bad {
		if sent++; sent == len(bad)/2 {
			p.putRequest(t, good)
		}
		p.putRequest(t, body)
	}
}

// sendAsUnregistered sends a message from an account that is not registered. MiniStack reports the queue's own account
// as the sender of every message, so the function is invoked directly, as Lambda would.
func (p producer) sendAsUnregistered(t *testing.T, body string) {
	t.Helper()
	sent := lambdaevents.SQSMessage{MessageId: ulid.Make().String(), Body: body, Attributes: map[string]string{
		"SenderId": "210987654321", "ApproximateReceiveCount": "1", "SentTimestamp": fmt.Sprint(time.Now().UnixMilli()),
	}}
	var ended lambdaevents.SQSEventResponse
	p.callLambda(
		t, http.MethodPost, "functions/sluice-api/invocations",
		lambdaevents.SQSEvent{Records: []lambdaevents.SQSMessage{sent}}, &ended,
	)
	if len(ended.BatchItemFailures) > 0 {
		t.Errorf("it is to be delivered again: %v", ended)
	}
}

// deadLetterReason is the expected reason of a dead letter.
type deadLetterReason struct{ kind, code, text string }

// checkDeadLetters waits until all messages are dead letters with the expected reasons, and discards them.
func (p producer) checkDeadLetters(t *testing.T, want map[string]deadLetterReason) {
	t.Helper()
	c := p.newCaller(t, p.tenant, access.ScopeOperator)
	t.Cleanup(func() {
		for body, r := range want {
			t.Errorf("no letter of %.300s, want %v", body, r)
		}
	})
	p.waitUntil(t, func() bool {
		p.runReconciler(t)
		for _, l := range p.listDeadLetters(t, c) {
			r, mine := want[l["body"].(string)]
			if !mine {
				continue
			}
			delete(want, l["body"].(string))
			if l["kind"] != r.kind || l["code"] != r.code || !strings.Contains(l["reason"].(string), r.text) ||
				l["attempts"] != 1.0 {
				delete(l, "body")
				t.Errorf("%v, want %v", l, r)
			}
			c.sendRequest(
				t, 200, "POST", "/v1/dead-letters/"+l["id"].(string)+"/discard", `{"reason": "sent by a test"}`,
			)
		}
		return len(want) == 0
	})
}

// listDeadLetters returns the newest open dead letters of api with their bodies.
func (p producer) listDeadLetters(t *testing.T, c apiCaller) (all []map[string]any) {
	t.Helper()
	page, _ := c.sendRequest(t, 200, "GET", "/v1/dead-letters?service=api&state=open&limit=50", "")
	for _, l := range page["letters"].([]any) {
		whole, _ := c.sendRequest(t, 200, "GET", "/v1/dead-letters/"+l.(map[string]any)["id"].(string), "")
		all = append(all, whole)
	}
	return all
}

// checkGoodMessage checks that only the good message created a video, which fails because its object is missing.
func (p producer) checkGoodMessage(t *testing.T) {
	t.Helper()
	c := p.newCaller(t, p.tenant)
	p.waitUntil(t, func() bool {
		page, _ := c.sendRequest(t, 200, "GET", "/v1/videos?"+url.Values{"external_id": {p.runID}}.Encode(), "")
		made := page["videos"].([]any)
		if len(made) > 1 {
			t.Fatalf("%d videos: %v", len(made), made)
		}
		if len(made) == 0 {
			return false
		}
		why, _ := made[0].(map[string]any)["error"].(map[string]any)
		return why["code"] == "object_not_found"
	})
}
