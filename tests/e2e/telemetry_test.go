//go:build integration

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"sluice/shared/domain/metric"
	"sluice/shared/platform/telemetry/metrics/metricstest"
	"sluice/tests/clouds"
	"sluice/tests/subscriber"
)

// TestVideoIsLoggedAndCountedOnce checks that each log line of a video names its tenant, and that each stage is counted
// once.
func TestVideoIsLoggedAndCountedOnce(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	v := uploadUntilReady(t, d.newTenantClient(t, "logged"), d.footagePath("bigbuckbunny.mp4"))
	// The last lines come after the video is ready, when the emulator has taken them from the functions.
	for service, last := range map[string]string{"publish": metric.ReadyTime.Name, "inspect": metric.WorkTime.Name} {
		d.waitUntil(t, func() bool { return bytes.Contains(d.readLogs(t, service, v.ID), []byte(`"`+last+`"`)) })
	}
	var of []byte
	for _, service := range []string{"api", "inspect", "encode", "publish"} {
		lines := d.readLogs(t, service, v.ID)
		if len(lines) == 0 {
			t.Errorf("%s has logged nothing", service)
		}
		of = append(of, lines...)
	}
	for _, line := range metricstest.ReadLines(t, of) {
		if line["tenant"] != "logged" || line["video"] != v.ID || line["trace"] == nil || line["request_id"] == nil {
			t.Errorf("%v", line)
		}
	}
	counted := map[string]int{}
	for _, s := range metricstest.ReadSamples(t, of) {
		counted[s.Name+" "+s.Dimensions]++
	}
	for _, once := range []string{"InspectTime ", "EncodeTime ", "PublishTime ", "ReadyTime ", "Work sluice-inspect"} {
		if counted[once] != 1 {
			t.Errorf("%s is counted %d times", once, counted[once])
		}
	}
	if counted["Dollars "] == 0 || counted["Work sluice-encode"] < 1 || counted["Work sluice-publish.fifo"] < 3 {
		t.Errorf("counted %v", counted)
	}
}

// readLogs returns the log lines of a function about a video. It drops lines of the emulator and lines that only
// mention the video.
func (d deployment) readLogs(t *testing.T, service, video string) (lines []byte) {
	t.Helper()
	var page struct {
		Events    []struct{ Message string }
		NextToken string
	}
	ask := map[string]any{"logGroupName": "/sluice/" + service, "filterPattern": `"` + video + `"`}
	if clouds.CurrentCloud() == "localstack" { // LocalStack writes to the default log group
		ask["logGroupName"] = "/aws/lambda/sluice-" + service
	}
	for {
		page.NextToken = ""
		d.callAWS(
			t, "logs",
			map[string]string{
				"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328.FilterLogEvents",
			},
			encodeJSON(t, ask), &page,
		)
		for _, e := range page.Events {
			if strings.Contains(e.Message, `"video":"`+video+`"`) {
				lines = append(lines, strings.TrimSpace(e.Message)+"\n"...)
			}
		}
		if page.NextToken == "" {
			return lines
		}
		ask["nextToken"] = page.NextToken
	}
}

// TestAlarmNotifiesItsTopic puts a metric above the threshold of an alarm, whose topic must then receive a
// notification.
func TestAlarmNotifiesItsTopic(t *testing.T) {
	clouds.RequireCapabilities(t, clouds.ImmediateAlarms)
	d := openDeployment(t)
	notifications, err := subscriber.Topic{
		SQS: d.sqsClient(), SNS: sns.NewFromConfig(d.aws), ARN: d.stackOutput(t, "AlarmTopic"),
	}.Subscribe(t.Context(), "alarms", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { notifications.Close(context.WithoutCancel(t.Context())) })
	watch := func(action string, values url.Values) {
		values["Action"], values["Version"] = []string{action}, []string{"2010-08-01"}
		d.callAWS(
			t, "monitoring", map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			[]byte(values.Encode()), nil,
		)
	}
	watch(
		"SetAlarmState",
		url.Values{"AlarmName": {"sluice-stuck"}, "StateValue": {"OK"}, "StateReason": {"an earlier run"}},
	)
	watch("PutMetricData", url.Values{
		"Namespace": {metric.Namespace}, "MetricData.member.1.MetricName": {metric.Stuck.Name},
		"MetricData.member.1.Value": {"3"}, "MetricData.member.1.Unit": {metric.Stuck.Unit},
	})
	description := "" // other alarms can fire too
	d.waitUntil(t, func() bool {
		err := notifications.ReceiveEvents(t.Context(), func(text []byte) error {
			var alarm struct{ AlarmName, NewStateValue, AlarmDescription string }
			err := json.Unmarshal(text, &alarm)
			if alarm.AlarmName == "sluice-stuck" && alarm.NewStateValue == "ALARM" {
				description = alarm.AlarmDescription
			}
			return err
		})
		return err == nil && description != ""
	})
	if !strings.HasSuffix(description, "docs/runbook.md#stuck") {
		t.Errorf("the description is %q", description)
	}
}

func encodeJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// callAWS makes one call to a service that the tests use too little to import its SDK module.
func (d deployment) callAWS(t *testing.T, service string, headers map[string]string, body []byte, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.env.Endpoint+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	d.signRequest(t, req, service, body)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		t.Fatalf("%s: %s %v %s", service, res.Status, err, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatal(err)
		}
	}
}
