// Command infra is the CDK app of Sluice: it derives every resource, setting and right from the map in
// sluice/shared/domain/services. To add a service is to add a row there; nothing here names one, but for the authorizer.
//
// What it makes: for each service a function with a log group and a role of its own and, if it has an inbox, a queue
// with dead letters; a REST API of all the routes; one table, two buckets, one topic and the key of playback tokens; on
// AWS, CloudFront before the bucket of what is published.
//
// What it refuses: rights wider than the map's. Roles are written out, statement by statement, and closed to the
// additions of the CDK. No action has a wildcard, and no resource is "*" but for X-Ray's, which knows no narrower one.
//
// See settings for the context values, newStack for the outputs, and accept for what cdk-nag would have otherwise.
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
