//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"

	"sluice/localstack/cloud"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// sendCommand sends a command about a video and returns the message. more has further members of its data, as JSON.
func (p producer) sendCommand(t *testing.T, name, video, more string) (body string) {
	t.Helper()
	body = fmt.Sprintf(
		`{"specversion": "1.0", "type": "command.%s.v1", "source": "urn:test", "id": %q, "time": "2026-11-22T12:00:00Z", "data": {"video_id": %q%s}}`,
		name, ulid.Make(), video, more,
	)
	p.putRequest(t, body)
	return body
}

// checkRejection sends a command with an invalid title: the tenant is told, and the message is a dead letter.
func (p producer) checkRejection(t *testing.T, id string) {
	t.Helper()
	arriving := p.subscribeToTopic(t)
	body := p.sendCommand(t, "describe", id, `, "title": "a\u0007"`)
	told := false
	for e := range arriving {
		if r, ok := e.Data.(video.CommandRejected); ok && e.Video == id {
			told = r.Problem.Code == "title_invalid" && e.Tenant == p.tenant
			break
		}
	}
	if !told {
		t.Error("the tenant was not told of the rejection")
	}
	p.checkDeadLetters(t, map[string]deadLetterReason{body: {"invalid", "title_invalid", "control characters"}})
}

// TestProducerCommandsAVideo unpublishes, publishes, describes and deletes a video by messages.
func TestProducerCommandsAVideo(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	const tenant = "commands"
	s := cloud.Producer{
		Sender: cloud.Account, Bucket: cloud.ProducerBucket, Prefix: tenant + "/", Tenant: tenant,
		Commands: services.ListProducerCommands(),
	}
	if err := (cloud.AdminClient{URL: d.env.APIURL, AWS: d.aws}).RegisterProducer(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	p := producer{deployment: d, tenant: tenant}
	v := uploadUntilReady(t, d.newTenantClient(t, tenant), d.makeNumberedVideo(t, "25", 2))
	c := d.newCaller(t, tenant)
	path := "/v1/videos/" + v.ID
	requireLinks := func(status int) {
		t.Helper()
		p.waitUntil(t, func() bool {
			now, _ := c.sendRequest(t, 200, "GET", path, "")
			return (now["unpublished_at"] != nil) == (status == http.StatusForbidden)
		})
		p.waitUntil(t, func() bool { // the deny list follows the row
			res, err := http.Get(v.Playback.HLS)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			return res.StatusCode == status
		})
	}
	requireLinks(http.StatusOK)
	p.sendCommand(t, "unpublish", v.ID, "")
	requireLinks(http.StatusForbidden)
	p.sendCommand(t, "publish", v.ID, "")
	requireLinks(http.StatusOK)
	p.sendCommand(t, "describe", v.ID, `, "title": "By message"`)
	p.waitUntil(t, func() bool {
		now, _ := c.sendRequest(t, 200, "GET", path, "")
		return now["title"] == "By message"
	})
	p.checkRejection(t, v.ID)
	p.sendCommand(t, "delete", v.ID, "")
	p.waitUntil(t, func() bool {
		now, _ := c.sendRequest(t, 200, "GET", path, "")
		return now["state"] == "deleting"
	})
	line, _ := c.sendRequest(t, 200, "GET", path+"/timeline", "")
	var causes []string
	for _, e := range line["entries"].([]any) {
		causes = append(causes, fmt.Sprint(e.(map[string]any)["event"]))
	}
	if all := strings.Join(causes, " "); !strings.Contains(all, "unpublish.requested.v1 publish.requested.v1 delete") {
		t.Errorf("timeline %s", all)
	}
}
