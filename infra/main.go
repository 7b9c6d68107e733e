// Command infra is the CDK app of Sluice. It derives every resource, setting and permission from the service map in
// sluice/shared/domain/services: to add a service is to add an entry there. Only the authorizer, the studio and the
// service that gets originals are named here.
//
// It makes, for each service, a function with its log group and its role and, for an inbox, its queues and a
// dead-letter queue. It makes a REST API with all routes, a table, two buckets, a topic, the key of playback tokens,
// alarms and, on AWS, CloudFront in front of the media bucket.
//
// It grants no more than the service map says. The policy of each role is written out, and the CDK can't add to it. No
// action has a wildcard, and no resource is "*" where IAM knows a narrower one (X-Ray's and CloudWatch's actions have
// none).
//
// See settings for the context values and newStack for the outputs.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
}

func run() error {
	defer jsii.Close()
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	set, err := readSettings(func(name string) any { return app.Node().TryGetContext(jsii.String(name)) })
	if err != nil {
		return err
	}
	newStack(app, set)
	app.Synth(nil)
	return nil
}
