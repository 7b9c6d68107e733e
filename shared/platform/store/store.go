// Package store keeps tenants, tokens, sources, uploads, videos, dead letters, what tenants have in flight and what was
// decided about workers, as rows of one DynamoDB table; Memory is the same without a table, and storetest.Run holds both
// to the same behaviour.
//
// Rows have string keys pk and sk, and the tenant is part of the partition key of all that a tenant owns:
//
//	TENANT#<tenant>       TENANT           the tenant
//	TOKEN#<id>            TOKEN            a token, without its secret
//	UPLOAD#<tenant>#<id>  UPLOAD           an upload
//	VIDEO#<tenant>#<id>   VIDEO            the video, without what is below
//	VIDEO#<tenant>#<id>   DONE#<page>      number set "done": 256 task numbers a page
//	VIDEO#<tenant>#<id>   RESULT#<number>  what a task left behind
//	VIDEO#<tenant>#<id>   TIME#<version>   an entry of its timeline
//	SOURCE#<sender>       SOURCE#<id>      a grant, for its sender
//	SOURCE##all           SOURCE#<id>      the same grant, to be listed
//	LETTER#<month>        <id>             a dead letter, until "expires"
//	SCALE#all             SCALE            what the scaling law decided last
//	WINDOW#<tenant>       WINDOW#<lane>    what a tenant has in flight in a lane
//	WINDOW#<tenant>       WAIT#<lane>#<planned>#<id>  a video of which nothing is, whose turn will come
//	IDEMPOTENCY#<owner>#<digest>  IDEMPOTENCY  a request with a key, until "expires" (the table's TTL attribute)
//
// Nothing in an id can move a key to another row kind or tenant: an id that is empty, long or has a '#' names no row.
//
// IAM, narrowed by dynamodb:LeadingKeys to the row kinds a service may touch:
//
//	dynamodb:GetItem         Tenant, Token, Upload, Video, DeleteSource, Letter, Window, Scaling
//	dynamodb:Query           Video, Finish, Results, Timeline, Forget, Sources, AllSources, Letters, Waiting; of an index
//	                         Due, OpenLetters and List
//	dynamodb:PutItem         PutTenant, PutToken, Create, Save, Finish, Claim, Settle, CreateOnce, PutSource, PutLetter,
//	                         SettleLetter, SaveWindow, Wait, SaveScaling
//	dynamodb:UpdateItem      Save, Finish, Describe
//	dynamodb:BatchWriteItem  Forget, DeleteSource, DeleteToken, Leave
//
// Rows are created, and videos saved, in transactions; IAM knows those as the PutItem and UpdateItem calls they consist
// of. There is no Scan. The indexes, which only hold the rows that have the key, are by-tenant (owner, created),
// by-external (external, created) and by-deadline (due_shard, due).
//
// Every read is strongly consistent, but for those of an index. All that can race is conditional or adds to a set, so
// any method may be repeated: what a repetition does is said with each. What the SDK repeats by itself after a lost
// answer counts as one call.
//
// Errors are video.Errors. Beside the kinds named with each method there is Transient (throttled, timed out, a 5xx) and
// Internal (the rest).
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// key is the primary key of a row. The zero key is that of no row.
type key struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

const (
	donePrefix     = "DONE#"
	resultPrefix   = "RESULT#"
	timelinePrefix = "TIME#"
	tasksPerPage   = 256    // task numbers in one DONE row
	maxTasks       = 100000 // RESULT# keys sort by number up to here
	maxIDBytes     = 128    // well inside DynamoDB's 2,048 of a partition key
)

func tenantKey(id string) key         { return newKey(services.TenantRows, id) }
func tokenKey(id string) key          { return newKey(services.TokenRows, id) }
func uploadKey(tenant, id string) key { return newKey(services.UploadRows, tenant, id) }
func videoKey(tenant, id string) key  { return newKey(services.VideoRows, tenant, id) }

// idempotencyRowKey has a digest of what its sender chose: that may have any form.
func idempotencyRowKey(c video.IdempotencyRecord) key {
	sum := sha256.Sum256([]byte(c.Route + "\x00" + c.Key))
	return newKey(services.IdempotencyRows, c.Owner, hex.EncodeToString(sum[:]))
}

// newKey returns the zero key if one of the ids can't be part of a key.
func newKey(kind string, ids ...string) key {
	pk := kind
	for _, id := range ids {
		if id == "" || len(id) > maxIDBytes || strings.Contains(id, "#") {
			return key{}
		}
		pk += "#" + id
	}
	return key{PK: pk, SK: kind}
}

// donePage returns the key of the DONE row, in the same partition, that task n is in.
func (k key) donePage(n int) key { return key{k.PK, fmt.Sprintf("%s%03d", donePrefix, n/tasksPerPage)} }

// taskResult returns the key of the RESULT row, in the same partition, of task n.
func (k key) taskResult(n int) key { return key{k.PK, fmt.Sprintf("%s%05d", resultPrefix, n)} }

// timelineEntry returns the key of the TIME row, in the same partition, of version n.
func (k key) timelineEntry(n int64) key { return key{k.PK, fmt.Sprintf("%s%09d", timelinePrefix, n)} }

// splitPartitionKey returns the tenant and the id in the partition key of a row of that kind.
func splitPartitionKey(pk, kind string) (tenant, id string, ok bool) {
	rest, ok := strings.CutPrefix(pk, kind+"#")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "#")
}

func (k key) rowKey() key { return k }
