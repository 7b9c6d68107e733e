// Package rowpolicy compares calls of the table in tests with the IAM statements of the deployment's template. It reads
// them from infra/testdata/permissions.golden, which a test of infra keeps equal to the template.
package rowpolicy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Statement allows an action on the table ("") or on one of its indexes, for partition keys with one of the prefixes.
type Statement struct {
	Service, Action, Index string
	Prefixes               []string
}

// Policy is the statements about rows of all services.
type Policy []Statement

// Call is one request to DynamoDB: the IAM action and the partition key of each of its items.
type Call struct {
	Index string
	Items []Item
}

// Item is an action on a row: an IAM action, such as "dynamodb:PutItem", and a partition key.
type Item struct{ Action, PartitionKey string }

var statementLine = regexp.MustCompile(
	`(?m)^(\S+) +(dynamodb:\w+) +DataTable(?:/index/(\S+))? if dynamodb:LeadingKeys ForAllValues:StringLike \[(.*)\]$`,
)

// ParsePolicy returns the statements about rows in the text of the golden file.
func ParsePolicy(text string) (p Policy) {
	for _, m := range statementLine.FindAllStringSubmatch(text, -1) {
		s := Statement{Service: m[1], Action: m[2], Index: m[3]}
		for _, pattern := range strings.Fields(m[4]) {
			s.Prefixes = append(s.Prefixes, strings.TrimSuffix(pattern, "*"))
		}
		p = append(p, s)
	}
	return p
}

// LoadPolicy returns the statements of the golden file, which is looked for from the working directory upwards.
var LoadPolicy = sync.OnceValues(func() (Policy, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "infra", "testdata", "permissions.golden"))
		if err == nil {
			return ParsePolicy(string(text)), nil
		}
	}
	return nil, fmt.Errorf("there is no infra/testdata/permissions.golden in any folder above: %v", err)
})

// CheckCall returns an error unless a service may make a call. AWS does not document whether it compares
// dynamodb:LeadingKeys with the keys of a request one by one or all together, so the call must be allowed both ways.
func (p Policy) CheckCall(service string, c Call) error {
	if len(c.Items) == 0 {
		return fmt.Errorf("%s makes a call without a row", service)
	}
	var keys []string
	for _, i := range c.Items {
		keys = append(keys, i.PartitionKey)
	}
	for _, i := range c.Items {
		if !p.allows(service, c.Index, i.Action, i.PartitionKey) {
			return fmt.Errorf("%s may not %s %q %s, judged per item", service, i.Action, i.PartitionKey, c.Index)
		}
		if !p.allows(service, c.Index, i.Action, keys...) {
			return fmt.Errorf("%s may not %s %q %s, judged per request", service, i.Action, keys, c.Index)
		}
	}
	return nil
}

// allows reports whether one statement allows an action on all keys (ForAllValues).
func (p Policy) allows(service, index, action string, keys ...string) bool {
	return slices.ContainsFunc(p, func(s Statement) bool {
		return s.Service == service && s.Index == index && s.Action == action &&
			!slices.ContainsFunc(keys, func(key string) bool { return !s.matches(key) })
	})
}

func (s Statement) matches(key string) bool {
	return slices.ContainsFunc(s.Prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}
