package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"
)

// unsafeStack is the name of a stack with a bucket that cdk-nag has to find fault with.
const unsafeStack = "Unsafe"

// addNagChecks makes cdk-nag (https://github.com/cdklabs/cdk-nag) check every stack when it is synthesized.
func addNagChecks(app constructs.Construct) {
	awss3.NewBucket(awscdk.NewStack(app, jsii.String(unsafeStack), nil), jsii.String("Bucket"), nil)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		Reports:       jsii.Bool(true),
		ReportFormats: &[]cdknag.NagReportFormat{cdknag.NagReportFormat_JSON},
	}), nil)
}

// nagVerdict is cdk-nag's verdict on one resource by one rule.
type nagVerdict struct{ RuleID, ResourceID, Compliance, ExceptionReason string }

// readVerdicts returns cdk-nag's report on a stack that was synthesized into the folder out.
// testedStack is the stack whose resources cdk-nag checks.
const testedStack = "Sluice"

func readVerdicts(out, stack string) []nagVerdict {
	b, err := os.ReadFile(filepath.Join(out, "AwsSolutions-"+stack+"-NagReport.json"))
	must(err)
	var report struct{ Lines []nagVerdict }
	must(json.Unmarshal(b, &report))
	return report.Lines
}

func TestNagHasNoUnsuppressedFindings(t *testing.T) {
	t.Parallel()
	for _, tmpl := range []template{awsTemplate(), sharedAccountTemplate()} {
		said := tmpl.Verdicts[testedStack]
		if len(said) < 50 {
			t.Fatalf("only %d verdicts", len(said))
		}
		for _, v := range said {
			if v.Compliance != "Compliant" && v.Compliance != "Suppressed" {
				t.Errorf("%s: %s: %s", v.ResourceID, v.RuleID, v.Compliance)
			}
		}
	}
}

func TestNagFindsAnUnsafeBucket(t *testing.T) {
	t.Parallel()
	var found []string
	for _, v := range awsTemplate().Verdicts[unsafeStack] {
		if v.Compliance == "Non-Compliant" {
			found = append(found, v.RuleID)
		}
	}
	slices.Sort(found)
	if d := cmp.Diff([]string{"AwsSolutions-S1", "AwsSolutions-S10"}, found); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// A suppression without a finding would hide a later one.
func TestEveryNagSuppressionHasAFinding(t *testing.T) {
	t.Parallel()
	needed := suppressedFindings(awsTemplate().Verdicts[testedStack])
	excuses := 0
	for id, r := range awsTemplate().Resources {
		rules, _ := resource{Properties: r.Metadata}.property("cdk_nag", "rules_to_suppress").([]any)
		for _, rule := range rules {
			excuses++
			rule := resource{Properties: rule.(map[string]any)}
			if reason := renderValue(rule.property("reason")); !strings.HasSuffix(reason, ".") ||
				!strings.Contains(reason, " ") {
				t.Errorf("%s: the reason for %s is no sentence: %q", id, rule.property("id"), reason)
			}
			if !needed[renderValue(rule.property("id"))+": "+renderValue(rule.property("reason"))] {
				t.Errorf("%s: %s is suppressed, but there is no such finding", id, rule.property("id"))
			}
		}
	}
	if excuses < len(needed) {
		t.Errorf("%d suppressions for %d kinds of findings: does the test still see all of them?", excuses, len(needed))
	}
}

// suppressedFindings returns the suppressed findings, each as "rule: reason".
func suppressedFindings(all []nagVerdict) map[string]bool {
	found := map[string]bool{}
	for _, v := range all {
		if v.Compliance != "Suppressed" {
			continue
		}
		reason := v.ExceptionReason
		if strings.HasPrefix(reason, "[") { // names the finding, if the rule has several
			_, reason, _ = strings.Cut(reason, "] ")
		}
		found[v.RuleID+": "+reason] = true
	}
	return found
}
