package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// The golden file has a line for each action on each resource that a function may use.
func TestRightsMatchGoldenFile(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range services.Map {
		lines := listPermissions(t, awsTemplate(), s.Name)
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Fprintf(&b, "%-10s %s\n", s.Name, line)
		}
		b.WriteByte('\n')
	}
	checkGolden(t, "permissions.golden", b.String())
}

// listPermissions returns the permissions of a service's role, each as action, resource and condition.
func listPermissions(t *testing.T, in template, service string) []string {
	t.Helper()
	role := in.resourcesOfType("IAM::Role")[renderValue(in.functionOf(t, service).property("Role"))]
	var lines []string
	for _, policy := range toList(role.property("Policies")) {
		statements := resource{Properties: policy.(map[string]any)}.property("PolicyDocument", "Statement")
		for _, s := range toList(statements) {
			s := resource{Properties: s.(map[string]any)}
			if s.property("Effect") != "Allow" {
				t.Errorf("%s: effect %v", service, s.property("Effect"))
			}
			for _, action := range toList(s.property("Action")) {
				for _, on := range toList(s.property("Resource")) {
					line := fmt.Sprintf(
						"%-32s %s %s", action, renderValue(on), formatCondition(s.property("Condition")),
					)
					lines = append(lines, strings.TrimSpace(line))
				}
			}
		}
	}
	return lines
}

func formatCondition(v any) string {
	operators, _ := v.(map[string]any)
	var parts []string
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		for key, values := range operators[operator].(map[string]any) {
			parts = append(parts, fmt.Sprintf("if %s %s %v", key, operator, values))
		}
	}
	return strings.Join(parts, ", ")
}

func TestNoPermissionHasAWildcard(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		for _, line := range listPermissions(t, awsTemplate(), s.Name) {
			action, on, _ := strings.Cut(line, " ")
			if strings.Contains(action, "*") {
				t.Errorf("%s may %s", s.Name, action)
			}
			// IAM knows no resource for these
			knows := !strings.HasPrefix(action, "xray:") && action != "cloudwatch:GetMetricData"
			if strings.HasPrefix(strings.TrimSpace(on), "*") && knows {
				t.Errorf("%s may %s on everything", s.Name, action)
			}
		}
	}
}

// listPermissions would miss any other policy.
func TestPermissionsAreInlinePoliciesOfRolesOnly(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"IAM::Policy", "IAM::ManagedPolicy", "IAM::User", "KMS::Key"} {
		if !awsTemplate().hasNone(typ) {
			t.Errorf("there is some %s", typ)
		}
	}
	roles := map[string]bool{}
	for _, s := range services.Map {
		roles[renderValue(awsTemplate().functionOf(t, s.Name).property("Role"))] = true
	}
	if len(roles) != len(services.Map) {
		t.Errorf("%d roles for %d services", len(roles), len(services.Map))
	}
	awsTemplate().runForEach(t, "IAM::Role", func(t *testing.T, id string, r resource) {
		managed := r.property("ManagedPolicyArns")
		if id == "GatewayApiCloudWatchRole" {
			return // API Gateway's role, for which AWS prescribes a managed policy
		}
		if managed != nil || !roles[id] {
			t.Errorf("managed policies %v, used by a service: %v", managed, roles[id])
		}
	})
}

func TestUnknownPermissionPanics(t *testing.T) {
	t.Parallel()
	for _, r := range []services.Permission{
		{Action: services.ReadSecret, Resource: services.Table}, {Action: services.ReadRows, Resource: "tabel"},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "is not defined") {
					t.Errorf("%v was permitted, or failed otherwise: %s", r, text)
				}
			}()
			serviceDeps{}.allowPermission(r)
		}()
	}
}

// A transaction passes only if one statement has all kinds of rows that it writes (see allowRows).
func TestEachActionOnRowsHasOneStatement(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		seen := map[string]bool{}
		for _, line := range listPermissions(t, awsTemplate(), s.Name) {
			action, _, onRows := strings.Cut(line, " if dynamodb:LeadingKeys")
			if onRows && seen[action] {
				t.Errorf("%s: %s is in two statements", s.Name, action)
			}
			seen[action] = true
		}
	}
}
