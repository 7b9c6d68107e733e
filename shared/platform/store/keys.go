package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// Key is the primary key of a row. The zero Key names no row.
type Key struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

const (
	donePrefix     = "DONE#"
	resultPrefix   = "RESULT#"
	timelinePrefix = "TIME#"
	tasksPerPage   = 256    // task numbers in one DONE row
	maxTasks       = 100000 // RESULT# keys sort by task number up to here
	maxIDBytes     = 128    // DynamoDB allows 2,048 bytes of partition key
)

func tenantKey(id string) Key         { return newKey(services.TenantRows, id) }
func tokenKey(id string) Key          { return newKey(services.TokenRows, id) }
func uploadKey(tenant, id string) Key { return newKey(services.UploadRows, tenant, id) }
func videoKey(tenant, id string) Key  { return newKey(services.VideoRows, tenant, id) }

// idempotencyRowKey contains a digest of route and key: the client chooses the key, which may have any form.
func idempotencyRowKey(r video.IdempotencyRecord) Key {
	sum := sha256.Sum256([]byte(r.Route + "\x00" + r.Key))
	return newKey(services.IdempotencyRows, r.Owner, hex.EncodeToString(sum[:]))
}

// newKey returns the key of a row of a kind, or the zero Key if one of the ids can't be part of a key.
func newKey(kind string, ids ...string) Key {
	pk := kind
	for _, id := range ids {
		if id == "" || len(id) > maxIDBytes || strings.Contains(id, "#") {
			return Key{}
		}
		pk += "#" + id
	}
	return Key{PK: pk, SK: kind}
}

// donePage returns the key of the DONE row, in the same partition, that holds task n.
func (k Key) donePage(n int) Key {
	return Key{k.PK, fmt.Sprintf("%s%03d", donePrefix, n/tasksPerPage)}
}

// taskResult returns the key of the RESULT row, in the same partition, of task n.
func (k Key) taskResult(n int) Key { return Key{k.PK, fmt.Sprintf("%s%05d", resultPrefix, n)} }

// timelineEntry returns the key of the TIME row, in the same partition, of version n.
func (k Key) timelineEntry(n int64) Key { return Key{k.PK, fmt.Sprintf("%s%09d", timelinePrefix, n)} }

// toRow returns the attributes of a key.
func (k Key) toRow() Row { return Row{"pk": stringValue(k.PK), "sk": stringValue(k.SK)} }

// rowKey makes every item that embeds a Key a keyedItem.
func (k Key) rowKey() Key { return k }

// Kind returns the kind of a row: the part of its sort key before the first '#'.
func (k Key) Kind() string {
	kind, _, _ := strings.Cut(k.SK, "#")
	return kind
}

func stringValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func numberValue(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}
