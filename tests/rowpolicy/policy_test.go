package rowpolicy_test

import (
	"strings"
	"testing"

	"sluice/tests/rowpolicy"
)

const (
	kindsApart = `
api        dynamodb:PutItem                 DataTable if dynamodb:LeadingKeys ForAllValues:StringLike [UPLOAD#* IDEMPOTENCY#*]
api        dynamodb:PutItem                 DataTable if dynamodb:LeadingKeys ForAllValues:StringLike [VIDEO#*]
`
	kindsTogether = `
api        dynamodb:PutItem                 DataTable if dynamodb:LeadingKeys ForAllValues:StringLike [UPLOAD#* IDEMPOTENCY#* VIDEO#*]
api        dynamodb:UpdateItem              DataTable if dynamodb:LeadingKeys ForAllValues:StringLike [VIDEO#*]
api        dynamodb:Query                   DataTable/index/by-tenant if dynamodb:LeadingKeys ForAllValues:StringLike [VIDEOS#*]
`
)

func TestCallsAreJudgedPerItemAndPerRequest(t *testing.T) {
	t.Parallel()
	items := func(all ...string) (c rowpolicy.Call) { // pairs of an action and a key
		for i := 0; i < len(all); i += 2 {
			c.Items = append(c.Items, rowpolicy.Item{Action: "dynamodb:" + all[i], PartitionKey: all[i+1]})
		}
		return c
	}
	create := items("PutItem", "VIDEO#acme#v", "PutItem", "UPLOAD#acme#u", "PutItem", "IDEMPOTENCY#acme#x")
	list := items("Query", "VIDEOS#acme")
	list.Index = "by-tenant"
	for _, tt := range []struct {
		name, policy, service string
		call                  rowpolicy.Call
		want                  string // part of the error; "": none
	}{
		{"one statement for all kinds", kindsTogether, "api", create, ""},
		{"a statement for each kind", kindsApart, "api", create, "per request"},
		{"one row", kindsApart, "api", items("PutItem", "VIDEO#acme#v"), ""},
		{"an unknown kind", kindsTogether, "api", items("PutItem", "TOKEN#t"), "per item"},
		{"another action", kindsTogether, "api", items("GetItem", "VIDEO#acme#v"), "per item"},
		{"another service", kindsTogether, "play", items("PutItem", "VIDEO#acme#v"), "per item"},
		{"an update beside another kind", kindsTogether, "api",
			items("UpdateItem", "VIDEO#acme#v", "PutItem", "UPLOAD#acme#u"), "per request"},
		{"an index", kindsTogether, "api", list, ""},
		{"the table instead of the index", kindsTogether, "api", items("Query", "VIDEOS#acme"), "per item"},
		{"no row", kindsTogether, "api", rowpolicy.Call{}, "without a row"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := rowpolicy.ParsePolicy(tt.policy).CheckCall(tt.service, tt.call)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPolicyOfTheTemplateIsFound(t *testing.T) {
	t.Parallel()
	p, err := rowpolicy.LoadPolicy()
	if err != nil || len(p) < 20 {
		t.Errorf("%d statements, %v", len(p), err)
	}
}
