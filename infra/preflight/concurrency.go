package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"sluice/shared/domain/services"
)

// readConcurrency returns how many invocations may run at once in the region, of functions for which none are reserved:
// https://docs.aws.amazon.com/lambda/latest/api/API_AccountLimit.html
func readConcurrency(ctx context.Context, c *lambda.Client) accountValue {
	out, err := c.GetAccountSettings(ctx, nil)
	if err != nil {
		return accountValue{err: readError(err)}
	}
	if out.AccountLimit == nil || out.AccountLimit.UnreservedConcurrentExecutions == nil {
		return accountValue{err: errors.New("AWS answered without a value")}
	}
	return accountValue{value: int(aws.ToInt32(out.AccountLimit.UnreservedConcurrentExecutions))}
}

// checkConcurrency compares how many invocations the queues and the gateway need at once with how many the account
// allows, and says which concurrency to set.
func checkConcurrency(r requirements, a account) finding {
	all, has := r.maxInvocations(), a.concurrency.value
	f := finding{
		subject: "Lambda concurrency",
		command: lambdaConcurrency.increaseCommand(max(all, typicalConcurrency), a.region),
	}
	needed := fmt.Sprintf(
		"%d invocations at once are needed when all %d queues are full (concurrency=%d) and requests come", all,
		len(services.ListQueues()), r.concurrency,
	)
	switch most := has - gatewayReserve; {
	case a.concurrency.err != nil:
		return finding{subject: f.subject, severity: severityUnknown, message: a.concurrency.err.Error()}
	case most < services.MinConcurrency():
		f.severity = severityLow
		f.message = fmt.Sprintf(
			"%s, the account has %d unreserved: too few for the queues and the API together. When many queues are full, "+
				"requests fail with 5xx, and messages are throttled, which counts as an attempt. Leave concurrency=%d, the "+
				"least that Lambda accepts, send one video at a time, and ask for more", needed, has,
			services.MinConcurrency(),
		)
	case has < all:
		f.severity = severityLow
		f.message = fmt.Sprintf(
			"%s, the account has %d unreserved: the rest is throttled and delivered again, which counts as an attempt. "+
				"Set -c concurrency=%d, or ask for more", needed, has, most,
		)
	case has < typicalConcurrency:
		f.message = fmt.Sprintf(
			"%s, the account has %d unreserved; ask for more to encode more at once, then deploy with a higher concurrency",
			needed, has,
		)
	default:
		f.command, f.message = "", fmt.Sprintf("%s, the account has %d unreserved", needed, has)
	}
	if most := has - gatewayReserve; r.concurrency < most && f.severity == severityOK {
		f.message += fmt.Sprintf(": -c concurrency=%d would use it", most)
	}
	return f
}
