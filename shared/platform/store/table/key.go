package table

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Key is the primary key of a row. The zero Key names no row.
type Key struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

// ToRow returns the attributes of a key.
func (k Key) ToRow() Row { return Row{"pk": StringValue(k.PK), "sk": StringValue(k.SK)} }

// RowKey returns the key. Structs that embed a Key have the method too.
func (k Key) RowKey() Key { return k }

// Kind returns the kind of a row: the part of its sort key before the first '#'.
func (k Key) Kind() string {
	kind, _, _ := strings.Cut(k.SK, "#")
	return kind
}

// StringValue returns a string attribute.
func StringValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// NumberValue returns a number attribute.
func NumberValue(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}

// ParseString returns the text of a string attribute, "" for an absent one.
func ParseString(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

// ParseNumber returns the value of a number attribute, 0 for an absent one.
func ParseNumber(v types.AttributeValue) int64 {
	n, _ := v.(*types.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	i, _ := strconv.ParseInt(n.Value, 10, 64)
	return i
}
