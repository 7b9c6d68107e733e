package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"

	"sluice/shared/domain/services"
)

// rowResources are the table and its indexes.
var rowResources = []services.Resource{services.Table, services.ByTenant, services.ByExternal, services.ByDeadline}

func splitRowPermissions(permissions []services.Permission) (onRows, others []services.Permission) {
	for _, p := range permissions {
		if slices.Contains(rowResources, p.Resource) {
			onRows = append(onRows, p)
		} else {
			others = append(others, p)
		}
	}
	return onRows, others
}

// allowRows returns a statement for each action on the table or on one of its indexes. It allows the action on the rows
// whose partition keys are of the kinds in Only of any of the permissions. All kinds are in one statement because a
// transaction writes rows of several kinds, and AWS does not document whether IAM compares dynamodb:LeadingKeys with
// the key of each item or with the keys of all
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html). ForAllValues passes if
// every key of the request matches one of the patterns of the same statement.
func (d serviceDeps) allowRows(permissions []services.Permission) (all []awsiam.PolicyStatement) {
	type right struct{ arn, action string }
	kinds, order := map[right][]string{}, []right{}
	for _, p := range permissions {
		for _, action := range listIAMActions(p) {
			r := right{d.rowsARN(p.Resource), action}
			if kinds[r] == nil {
				order = append(order, r)
			}
			for _, kind := range p.Only {
				if !slices.Contains(kinds[r], kind) {
					kinds[r] = append(kinds[r], kind)
				}
			}
		}
	}
	for _, r := range order {
		all = append(all, addCondition(allowActions([]string{r.action}, r.arn), "ForAllValues:StringLike",
			"dynamodb:LeadingKeys", appendSuffix(kinds[r], "#*")))
	}
	return all
}

// rowsARN returns the ARN of the table, or of one of its indexes.
func (d serviceDeps) rowsARN(r services.Resource) string {
	arn := *d.data.table.TableArn()
	if r != services.Table {
		arn += "/index/" + string(r)
	}
	return arn
}
