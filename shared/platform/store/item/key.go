package item

import (
	"strings"

	"sluice/shared/platform/store/table"
)

const maxIDBytes = 128 // DynamoDB allows 2,048 bytes of partition key

// NewKey returns the key of a row of a kind, or the zero Key if one of the ids can't be part of a key.
func NewKey(kind string, ids ...string) table.Key {
	pk := kind
	for _, id := range ids {
		if id == "" || len(id) > maxIDBytes || strings.Contains(id, "#") {
			return table.Key{}
		}
		pk += "#" + id
	}
	return table.Key{PK: pk, SK: kind}
}
