package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// suppressNagRule records why a finding of cdk-nag's AwsSolutions rules is not a defect of a resource. rule is the
// rule's name without "AwsSolutions-". If the rule has several findings, only has those that are meant, each a string
// or a matchFinding. The record is metadata in the template, in cdk-nag's format, and only the tests read it:
// https://github.com/cdklabs/cdk-nag#suppressing-a-rule
func suppressNagRule(on constructs.IConstruct, rule, reason string, only ...any) {
	made, ok := on.(awscdk.CfnResource)
	if !ok {
		made = on.Node().DefaultChild().(awscdk.CfnResource)
	}
	found, _ := made.GetMetadata(jsii.String("cdk_nag")).(map[string]any)
	rules, _ := found["rules_to_suppress"].([]any)
	entry := map[string]any{"id": "AwsSolutions-" + rule, "reason": reason}
	if only != nil {
		entry["applies_to"] = only
	}
	made.AddMetadata(jsii.String("cdk_nag"), map[string]any{"rules_to_suppress": append(rules, entry)})
}

// matchFinding stands for the findings that match a JavaScript regular expression, between slashes.
func matchFinding(expression string) any { return map[string]any{"regex": expression} }
