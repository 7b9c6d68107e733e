package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

func TestStackSubscribesQueueToTopic(t *testing.T) {
	app := awscdk.NewApp(nil)
	made := assertions.Template_FromStack(
		newStack(app, "arn:aws:sns:eu-west-1:123456789012:sluice-events", "acme"), nil,
	)
	made.ResourceCountIs(jsii.String("AWS::SQS::Queue"), jsii.Number(2))
	made.HasResourceProperties(jsii.String("AWS::SNS::Subscription"), map[string]any{
		"Protocol": "sqs", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:sluice-events", "RawMessageDelivery": true,
		"FilterPolicy": map[string]any{"type": []any{map[string]any{"prefix": "video."}}, "tenant": []any{"acme"}},
	})
	b, err := json.Marshal(made.ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"EventsUrl"`, `"aws:SecureTransport":"false"`, `"maxReceiveCount":5`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the template lacks %s", want)
		}
	}
}
