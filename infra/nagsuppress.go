package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// suppressNagRule says beside a resource why a finding of cdk-nag's AwsSolutions rules is no defect of it: rule is the part of
// the rule's name after "AwsSolutions-", only the findings that are meant where it has several, each a text or a
// pattern. It goes into the template as cdk-nag wants it, which only the tests need:
// https://github.com/cdklabs/cdk-nag#suppressing-a-rule
func suppressNagRule(on constructs.IConstruct, rule, reason string, only ...any) {
	made := cfnResourceOf(on)
	found, _ := made.GetMetadata(jsii.String("cdk_nag")).(map[string]any)
	rules, _ := found["rules_to_suppress"].([]any)
	entry := map[string]any{"id": "AwsSolutions-" + rule, "reason": reason}
	if only != nil {
		entry["applies_to"] = only
	}
	made.AddMetadata(jsii.String("cdk_nag"), map[string]any{"rules_to_suppress": append(rules, entry)})
}

// matchFinding is a finding that is only known by its form: a JavaScript regular expression between slashes.
func matchFinding(expression string) any { return map[string]any{"regex": expression} }

// cfnResourceOf returns what CloudFormation makes of a construct.
func cfnResourceOf(c constructs.IConstruct) awscdk.CfnResource {
	if made, ok := c.(awscdk.CfnResource); ok {
		return made
	}
	return c.Node().DefaultChild().(awscdk.CfnResource)
}
