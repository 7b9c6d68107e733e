package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// ownLogRole matches the name that CloudFormation gives to the role that a deployment of Sluice makes: the name of the
// stack, Sluice or Sluice-<name>, and the logical id.
var ownLogRole = regexp.MustCompile(`^Sluice(-[a-z0-9]+)?-GatewayApiCloudWatchRole`)

// readLogRole returns the ARN of the role with which API Gateway writes logs; "" if the account has none in the region:
// https://docs.aws.amazon.com/apigateway/latest/api/API_GetAccount.html
func readLogRole(ctx context.Context, c *apigateway.Client) (string, error) {
	out, err := c.GetAccount(ctx, nil)
	if err != nil {
		return "", readError(err)
	}
	return aws.ToString(out.CloudwatchRoleArn), nil
}

// checkLogRole compares the setting gateway_log_role with the role that the account has. Without a role API Gateway
// refuses a stage with an access log:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
func checkLogRole(r requirements, a account) finding {
	f := finding{subject: "API Gateway log role"}
	_, name, _ := strings.Cut(a.logRole, ":role/")
	name = name[strings.LastIndex(name, "/")+1:]
	switch {
	case a.logRoleErr != nil:
		f.severity, f.message = severityUnknown, a.logRoleErr.Error()
	case r.keepLogRole && a.logRole == "":
		f.severity = severityMissing
		f.message = "the account has none, and gateway_log_role=existing makes none: leave that setting out"
	case a.logRole == "":
		f.message = "the account has none: the deployment makes one"
	case r.keepLogRole:
		f.message = a.logRole + " stays (gateway_log_role=existing)"
	case ownLogRole.MatchString(name):
		f.message = a.logRole + " was made by a deployment of Sluice"
	default:
		f.severity = severityConflict
		f.message = "a deployment would replace " + a.logRole +
			", with which all APIs here write logs: -c gateway_log_role=existing keeps it"
	}
	return f
}
