package main

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	"sluice/tests/client"
)

// addressPattern matches what a report must not contain: URLs, host names of AWS, ARNs and account numbers.
var addressPattern = regexp.MustCompile(
	`https?://[^\s"]+|arn:[^\s"]+|[\w.-]+\.(?:amazonaws\.com(?:\.cn)?|cloudfront\.net|on\.aws)\b[^\s"]*|\b\d{12}\b`,
)

// hideAddresses replaces addresses and account numbers in a text, and puts it in one line.
func hideAddresses(text string) string {
	return strings.Join(strings.Fields(addressPattern.ReplaceAllString(text, "(hidden)")), " ")
}

// adviseNext returns what a person should do after an error of a check or, with check "", of finding the deployment.
// It returns "" if the error says it.
func adviseNext(check string, err error) string {
	var refused *client.Problem
	var failed *client.Failure
	var stuck *stuckError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens there: start the local cloud with make up deploy-local."
	case errors.Is(err, errNoStack):
		return "Are AWS_REGION, AWS_PROFILE and SLUICE_API those of the deployment? -stack, or make smoke CONTEXT=\"-c name=…\", names another stack."
	case errors.Is(err, errNoToken):
		return "The credentials need execute-api:Invoke on the API: use those with which Sluice was deployed."
	case errors.Is(err, errNoDeadLetter):
		return "Does reconcile run each minute? Look at its log, and at the dead-letter queue of encode (docs/runbook.md#silent)."
	case errors.Is(err, errMessageLeft):
		return "Discard it when it is there (docs/runbook.md#dead-letters); its body begins with \"invalid on purpose\"."
	case errors.As(err, &stuck):
		return "Look at the logs of the stage's service (docs/runbook.md#stuck), and send us the report with its last lines."
	case errors.As(err, &failed):
		return adviseFailedVideo(failed.Code)
	case errors.As(err, &refused):
		return adviseRefused(check, refused.Status)
	}
	switch check {
	case "playback":
		return "With a CDN: was infra/cdn/key.sh run after the deployment? Without one: look at the log of play."
	case "trace":
		return "X-Ray may lag: run it again. With Transaction Search on, raise the indexed share of spans to 100 % (docs/tracing.md)."
	}
	return ""
}

func adviseFailedVideo(code string) string {
	if code == "cage_unavailable" {
		return "The sandbox could not be set up: send us the lines \"sandbox chosen\" and \"no sandbox\" of encode's log (docs/security.md)."
	}
	return "Look for the code in docs/errors.md, and at the logs of inspect and encode."
}

func adviseRefused(check string, status int) string {
	switch {
	case status == http.StatusNotImplemented && check == "trace":
		return "This deployment has no X-Ray."
	case status == http.StatusTooManyRequests, status >= 500:
		return "The API was throttled or failed: with a quota of ten invocations that happens while queues are busy; run it again (docs/deploy.md)."
	case status == http.StatusForbidden && check != "playback":
		return "S3 or the API refused: is the clock of this machine right?"
	}
	return ""
}
