package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store/table"
)

const (
	donePrefix     = "DONE#"
	resultPrefix   = "RESULT#"
	timelinePrefix = "TIME#"
	tasksPerPage   = 256    // task numbers in one DONE row
	maxTasks       = 100000 // RESULT# keys sort by task number up to here
	maxIDBytes     = 128    // DynamoDB allows 2,048 bytes of partition key
)

func tenantKey(id string) table.Key         { return newKey(services.TenantRows, id) }
func tokenKey(id string) table.Key          { return newKey(services.TokenRows, id) }
func uploadKey(tenant, id string) table.Key { return newKey(services.UploadRows, tenant, id) }
func videoKey(tenant, id string) table.Key  { return newKey(services.VideoRows, tenant, id) }

// idempotencyRowKey contains a digest of route and key: the client chooses the key, which may have any form.
func idempotencyRowKey(r video.IdempotencyRecord) table.Key {
	sum := sha256.Sum256([]byte(r.Route + "\x00" + r.Key))
	return newKey(services.IdempotencyRows, r.Owner, hex.EncodeToString(sum[:]))
}

// newKey returns the key of a row of a kind, or the zero Key if one of the ids can't be part of a key.
func newKey(kind string, ids ...string) table.Key {
	pk := kind
	for _, id := range ids {
		if id == "" || len(id) > maxIDBytes || strings.Contains(id, "#") {
			return table.Key{}
		}
		pk += "#" + id
	}
	return table.Key{PK: pk, SK: kind}
}

// donePageKey returns the key of the DONE row, in the partition of k, that holds task n.
func donePageKey(k table.Key, n int) table.Key {
	return table.Key{PK: k.PK, SK: fmt.Sprintf("%s%03d", donePrefix, n/tasksPerPage)}
}

// taskResultKey returns the key of the RESULT row, in the partition of k, of task n.
func taskResultKey(k table.Key, n int) table.Key {
	return table.Key{PK: k.PK, SK: fmt.Sprintf("%s%05d", resultPrefix, n)}
}

// timelineEntryKey returns the key of the TIME row, in the partition of k, of version n.
func timelineEntryKey(k table.Key, n int64) table.Key {
	return table.Key{PK: k.PK, SK: fmt.Sprintf("%s%09d", timelinePrefix, n)}
}
