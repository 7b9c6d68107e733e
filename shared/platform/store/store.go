// Package store keeps tenants, tokens, producers, uploads, videos, idempotency records, dead letters, in-flight
// limits, wait queues, the state of the autoscaler and the deny list as rows of one DynamoDB table. [Store] has the
// operations; it works on a [table.Table], of which there are two: one of DynamoDB, and one in memory for tests
// ([NewMemory]). storetest.Run checks a Store on either.
//
// Rows have string keys pk and sk. The tenant is part of the partition key of every row that a tenant owns:
//
//	TENANT#<tenant>       TENANT           a tenant
//	TOKEN#<id>            TOKEN            a token, without its secret
//	UPLOAD#<tenant>#<id>  UPLOAD           an upload
//	VIDEO#<tenant>#<id>   VIDEO            a video, without what is in the rows below
//	VIDEO#<tenant>#<id>   DONE#<page>      number set "done": the finished tasks, 256 task numbers a page
//	VIDEO#<tenant>#<id>   RESULT#<number>  the result of a task
//	VIDEO#<tenant>#<id>   TIME#<version>   an entry of the video's timeline
//	SOURCE#<sender>       SOURCE#<id>      a producer, under its sender
//	SOURCE##all           SOURCE#<id>      the same producer, in the directory of all
//	LETTER#<month>        <id>             a dead letter, until "expires"
//	SCALE#all             SCALE            the last decision of the autoscaler
//	DENIED#<playback id>  DENIED           an entry of the deny list, until "expires"
//	WINDOW#<tenant>       WINDOW#<lane>    the tasks that a tenant has in flight in a lane
//	WINDOW#<tenant>       WAIT#<lane>#<planned>#<id>  the position of a video in its tenant's wait queue
//	QUOTA#<tenant>        QUOTA            a tenant's own limits, and what it uses of all (package usage)
//	QUOTA#<tenant>        DAY#<date>       what is counted for it on a day, for 400 days
//	IDEMPOTENCY#<owner>#<digest>  IDEMPOTENCY  a request with an idempotency key, until "expires" (the TTL attribute)
//
// No id can change the kind or the tenant of a key: an id that is empty, too long or contains '#' names no row.
//
// The IAM actions that the methods need; dynamodb:LeadingKeys narrows them to the row kinds that a service may access:
//
//	dynamodb:GetItem         LoadTenant, LoadToken, LoadUpload, LoadVideo, LoadDeadLetter, LoadInFlightLimit,
//	                         LoadScalingState, LoadDenyEntry, ApplyDenyRule, DeleteProducer
//	dynamodb:BatchGetItem    LoadVideos
//	dynamodb:Query           LoadVideo, LoadFinishedTasks, LoadTimeline, FinishTasks, ListTaskResults,
//	                         DeleteTaskResults, ListProducers, ListProducersBySender, ListDeadLetters,
//	                         ListQueuePositions, CheckQuota, LoadUsage, CreateVideo, CreateVideoIdempotently,
//	                         SaveVideo; on an index ListVideos, ListOverdueVideos, CountOpenDeadLetters,
//	                         ListDenySteps
//	dynamodb:PutItem         CreateTenant, CreateToken, CreateVideo, CreateVideoIdempotently, SaveVideo, FinishTasks,
//	                         BeginIdempotency, CompleteIdempotency, CreateProducer, CreateDeadLetter,
//	                         UpdateDeadLetter, SaveInFlightLimit, EnqueuePosition, SaveScalingState, SaveDenyEntry,
//	                         ApplyDenyRule
//	dynamodb:UpdateItem      SaveVideo, FinishTasks, UpdateDetails, CreateVideo, CreateVideoIdempotently, SaveLimits
//	dynamodb:BatchWriteItem  DeleteToken, DeleteTaskResults, DeleteProducer, DequeuePositions
//
// Rows are created, and videos saved, in transactions; IAM checks the PutItem and UpdateItem calls that a transaction
// consists of. Nothing scans the table. The indexes hold only rows that have the index key: by-tenant (owner, created),
// by-external (external, created) and by-deadline (due_shard, due).
//
// Reads of the table are strongly consistent; reads of an index are not. Every write that can race is conditional or
// adds to a set, so a caller may repeat any method; each method says what a repetition does. A request that the SDK
// repeats after a lost answer counts as one call.
//
// Errors are of type [errs.Error]. Besides the kinds named at each method, any method may return Transient (throttled,
// timed out, 5xx) and Internal (anything else).
package store

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/shared/platform/store/denyrows"
	"sluice/shared/platform/store/table"
)

// Store reads and writes the rows of a table.
type Store struct {
	denyrows.Rows // the deny list, and the table of all rows
}

// New returns a Store of a table.
func New(t table.Table) Store { return Store{denyrows.Rows{Table: t}} }

// NewDynamoDB returns a Store of a DynamoDB table.
func NewDynamoDB(client *dynamodb.Client, name string) Store {
	return New(table.DynamoDB{Client: client, Name: name})
}

// NewMemory returns a Store of an empty table in memory. It is for tests: rows never expire.
func NewMemory() Store { return New(table.NewMemory()) }
