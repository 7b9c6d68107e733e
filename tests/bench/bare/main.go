// Command bare is a Lambda function with nothing of Sluice: aws-lambda-go, the X-Ray SDK with its instrumentation of
// the AWS SDK, and clients of the AWS SDK. It is the baseline of cold starts (tests/bench).
//
// It has the clients that it is built with: go build -tags bare_dynamodb,bare_s3,… . It makes the calls that the
// variable BARE_CALLS lists, comma-separated, for each event, whatever their results, and responds with {}.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-xray-sdk-go/v2/instrumentation/awsv2"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

// calls are the calls of one client, by their names.
type calls map[string]func(context.Context) error

// clients has the constructors of the clients that the function is built with.
var clients []func(aws.Config) calls

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	awsv2.AWSV2Instrumentor(&cfg.APIOptions)
	all := calls{}
	for _, newClient := range clients {
		for name, call := range newClient(cfg) {
			all[name] = call
		}
	}
	names := strings.FieldsFunc(os.Getenv("BARE_CALLS"), func(c rune) bool { return c == ',' })
	for _, name := range names {
		if all[name] == nil {
			log.Fatalf("no call %s", name)
		}
	}
	lambda.Start(func(ctx context.Context, _ json.RawMessage) (map[string]any, error) {
		ctx, span := xray.BeginSubsegment(ctx, "bare")
		defer span.Close(nil)
		for _, name := range names {
			if err := all[name](ctx); err != nil {
				log.Print(name, ": ", err)
			}
		}
		return map[string]any{}, nil
	})
}
