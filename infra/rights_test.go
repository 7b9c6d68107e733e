package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sluice/shared/domain/services"
)

// TestRights holds what each function may do, one line for each action on each resource.
func TestRights(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range services.Map {
		lines := matrix(t, onAWS(), s.Name)
		slices.Sort(lines)
		for _, line := range lines {
			fmt.Fprintf(&b, "%-10s %s\n", s.Name, line)
		}
		b.WriteByte('\n')
	}
	golden(t, "rights.golden", b.String())
}

// matrix returns the rights of a service's role: action, resource, condition.
func matrix(t *testing.T, in template, service string) []string {
	t.Helper()
	role := in.of("IAM::Role")[text(in.function(t, service).at("Role"))]
	var lines []string
	for _, policy := range list(role.at("Policies")) {
		statements := resource{Properties: policy.(map[string]any)}.at("PolicyDocument", "Statement")
		for _, s := range list(statements) {
			s := resource{Properties: s.(map[string]any)}
			if s.at("Effect") != "Allow" {
				t.Errorf("%s: effect %v", service, s.at("Effect"))
			}
			for _, action := range list(s.at("Action")) {
				for _, on := range list(s.at("Resource")) {
					line := fmt.Sprintf("%-32s %s %s", action, text(on), condition(s.at("Condition")))
					lines = append(lines, strings.TrimSpace(line))
				}
			}
		}
	}
	return lines
}

func condition(v any) string {
	operators, _ := v.(map[string]any)
	var parts []string
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		for key, values := range operators[operator].(map[string]any) {
			parts = append(parts, fmt.Sprintf("if %s %s %v", key, operator, values))
		}
	}
	return strings.Join(parts, ", ")
}

func TestNoRightIsWide(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		for _, line := range matrix(t, onAWS(), s.Name) {
			action, on, _ := strings.Cut(line, " ")
			if strings.Contains(action, "*") {
				t.Errorf("%s may %s", s.Name, action)
			}
			knows := !strings.HasPrefix(action, "xray:") && action != "cloudwatch:GetMetricData" // resources to narrow it to
			if strings.HasPrefix(strings.TrimSpace(on), "*") && knows {
				t.Errorf("%s may %s on everything", s.Name, action)
			}
		}
	}
}

// TestRightsAreInTheRolesAlone: a policy beside a role would be missing in the matrix.
func TestRightsAreInTheRolesAlone(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"IAM::Policy", "IAM::ManagedPolicy", "IAM::User", "KMS::Key"} {
		if !onAWS().lacks(typ) {
			t.Errorf("there is some %s", typ)
		}
	}
	roles := map[string]bool{}
	for _, s := range services.Map {
		roles[text(onAWS().function(t, s.Name).at("Role"))] = true
	}
	if len(roles) != len(services.Map) {
		t.Errorf("%d roles for %d services", len(roles), len(services.Map))
	}
	onAWS().each(t, "IAM::Role", func(t *testing.T, id string, r resource) {
		managed := r.at("ManagedPolicyArns")
		if id == "GatewayApiCloudWatchRole" {
			return // the account's own, of API Gateway: AWS says which policy it needs
		}
		if managed != nil || !roles[id] {
			t.Errorf("managed policies %v, used by a service: %v", managed, roles[id])
		}
	})
}

func TestAnUnknownRightPanics(t *testing.T) {
	t.Parallel()
	for _, r := range []services.Right{{Action: "delete-rows", On: "table"}, {Action: services.ReadRows, On: "tabel"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v was permitted", r)
				}
			}()
			surroundings{data: &data{}}.permit(r)
		}()
	}
}
