package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expression collects the names and values that the expressions of one request refer to.
type expression struct {
	names  map[string]string
	values Row
}

// name returns the placeholder of an attribute's name. All names have one, as many are reserved words.
func (e *expression) name(attribute string) string {
	if e.names == nil {
		e.names = map[string]string{}
	}
	e.names["#"+attribute] = attribute
	return "#" + attribute
}

// value returns a placeholder for a value.
func (e *expression) value(v types.AttributeValue) string {
	if e.values == nil {
		e.values = Row{}
	}
	placeholder := fmt.Sprintf(":v%d", len(e.values))
	e.values[placeholder] = v
	return placeholder
}

// condition returns a condition as an expression, nil for one that always holds.
func (e *expression) condition(c Condition) *string {
	var all []string
	for _, w := range c.Where {
		all = append(all, e.comparison(w))
	}
	where := strings.Join(all, " AND ")
	switch {
	case c.Absent && where == "":
		return aws.String("attribute_not_exists(pk)")
	case c.Absent:
		return aws.String("attribute_not_exists(pk) OR " + where)
	case where != "":
		return aws.String("attribute_exists(pk) AND " + where)
	}
	return nil
}

func (e *expression) comparison(w Comparison) string {
	name, value := e.name(w.Attribute), e.value(w.Value)
	if w.Operator == AtMost {
		return "(attribute_not_exists(" + name + ") OR " + name + " <= " + value + ")"
	}
	return name + " " + w.Operator + " " + value
}

// update returns an update as an expression.
func (e *expression) update(u Update) *string {
	var clauses []string
	addClause := func(verb string, parts []string) {
		if len(parts) > 0 {
			clauses = append(clauses, verb+" "+strings.Join(parts, ", "))
		}
	}
	var set, remove, add []string
	for _, name := range slices.Sorted(maps.Keys(u.Set)) {
		set = append(set, e.name(name)+" = "+e.value(u.Set[name]))
	}
	for _, name := range u.Remove {
		remove = append(remove, e.name(name))
	}
	for name, value := range u.Add {
		add = append(add, e.name(name)+" "+e.value(value))
	}
	addClause("SET", set)
	addClause("REMOVE", remove)
	addClause("ADD", add)
	return aws.String(strings.Join(clauses, " "))
}

func (d DynamoDB) buildQuery(q Query) *dynamodb.QueryInput {
	var e expression
	partition, sort := KeyAttributes(q.Index)
	condition := e.name(partition) + " = " + e.value(StringValue(q.Partition))
	switch {
	case q.Prefix != "":
		condition += " AND begins_with(" + e.name(sort) + ", " + e.value(StringValue(q.Prefix)) + ")"
	case q.From != "":
		condition += " AND " + e.name(sort) + " BETWEEN " + e.value(StringValue(q.From)) + " AND " +
			e.value(StringValue(q.To))
	case q.To != "":
		condition += " AND " + e.name(sort) + " <= " + e.value(StringValue(q.To))
	case q.Before != "":
		condition += " AND " + e.name(sort) + " < " + e.value(StringValue(q.Before))
	}
	in := &dynamodb.QueryInput{
		TableName: &d.Name, KeyConditionExpression: &condition, ExpressionAttributeNames: e.names,
		ExpressionAttributeValues: e.values,
		ScanIndexForward:          aws.Bool(!q.Descending), ExclusiveStartKey: q.Start,
	}
	if q.Index == "" {
		in.ConsistentRead = aws.Bool(true) // an index has no consistent reads
	} else {
		in.IndexName = &q.Index
	}
	if q.Limit > 0 {
		in.Limit = aws.Int32(int32(q.Limit))
	}
	return in
}
