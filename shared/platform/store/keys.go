package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"sluice/shared/domain/idempotency"
	"sluice/shared/domain/services"
	"sluice/shared/platform/store/item"
	"sluice/shared/platform/store/table"
)

const (
	resultPrefix   = "RESULT#"
	timelinePrefix = "TIME#"
	maxTasks       = 100000 // RESULT# keys sort by task number up to here
)

func tenantKey(id string) table.Key         { return item.NewKey(services.TenantRows, id) }
func tokenKey(id string) table.Key          { return item.NewKey(services.TokenRows, id) }
func uploadKey(tenant, id string) table.Key { return item.NewKey(services.UploadRows, tenant, id) }
func videoKey(tenant, id string) table.Key  { return item.NewKey(services.VideoRows, tenant, id) }

// idempotencyRowKey contains a digest of route and key: the client chooses the key, which may have any form.
func idempotencyRowKey(r idempotency.Record) table.Key {
	sum := sha256.Sum256([]byte(r.Route + "\x00" + r.Key))
	return item.NewKey(services.IdempotencyRows, r.Owner, hex.EncodeToString(sum[:]))
}

// taskResultKey returns the key of the RESULT row, in the partition of k, of task n.
func taskResultKey(k table.Key, n int) table.Key {
	return table.Key{PK: k.PK, SK: fmt.Sprintf("%s%05d", resultPrefix, n)}
}

// timelineEntryKey returns the key of the TIME row, in the partition of k, of version n.
func timelineEntryKey(k table.Key, n int64) table.Key {
	return table.Key{PK: k.PK, SK: fmt.Sprintf("%s%09d", timelinePrefix, n)}
}
