// Package services is the service map: every service with its routes, inbox, events, permissions and sizes. Package
// infra derives functions, queues, IAM roles, alarms and environments from it; functions find their queues in it;
// tests compare permissions with it. It is pure and needs no AWS rights.
package services

import (
	"time"

	"sluice/shared/domain/video"
)

// Map is the service map. The routes and the event types of Commands are added to those that are listed here.
var Map = addDoors([]Service{
	{
		Name:     "api",
		Commands: videoCommands,
		Routes: []Route{
			{"GET", "/health", AuthOpen, ""},
			{"GET", "/docs", AuthOpen, ""},
			{"GET", "/v1/openapi.json", AuthOpen, ""},
			{"GET", "/v1/token", AuthToken, ""},
			{"GET", "/v1/usage", AuthToken, "videos:read"},
			{"POST", "/v1/uploads", AuthToken, "videos:write"},
			{"POST", "/v1/uploads/{id}/parts", AuthToken, "videos:write"},
			{"POST", "/v1/uploads/{id}/complete", AuthToken, "videos:write"},
			{"GET", "/v1/uploads/{id}", AuthToken, "videos:write"},
			{"DELETE", "/v1/uploads/{id}", AuthToken, "videos:write"},
			{"GET", "/v1/videos", AuthToken, "videos:read"},
			{"GET", "/v1/videos/{id}", AuthToken, "videos:read"},
			{"GET", "/v1/videos/{id}/timeline", AuthToken, "videos:read"},
		},
		Inbox: &Inbox{
			BatchSize: 10, ServiceTime: 200 * time.Millisecond, MaxAttempts: 5, MaxWait: time.Minute,
		},
		Emits: []string{
			"upload.completed.v1", "upload.cancelled.v1", "unpublish.requested.v1", "publish.requested.v1",
			"delete.requested.v1", "fetch.requested.v1", "video.command-rejected.v1",
		},
		Permissions: []Permission{
			{GetRows, Table, []string{UploadRows, DenyListRows}},
			{ReadRows, Table, []string{VideoRows, ProducerRows}},
			{QueryRows, Table, []string{QuotaRows}},
			{QueryIndex, ByTenant, []string{TenantIndex}},
			{QueryIndex, ByExternal, []string{ExternalIndex}},
			{WriteRows, Table, []string{UploadRows, IdempotencyRows, VideoRows, QuotaRows}},
			{UploadObjects, SourceBucket, []string{SourcePrefix}},
			{AbortUploads, SourceBucket, []string{SourcePrefix}},
			{ReadObjects, SourceBucket, []string{SourcePrefix}}, // HEAD: is an upload that S3 no longer lists complete?
		},
		Memory: 512, Timeout: 20 * time.Second,
	},
	{
		Name:     "admin",
		Commands: deadLetterCommands,
		Routes: []Route{
			{"POST", "/v1/tenants", AuthIAM, ""},
			{"GET", "/v1/tenants/{id}/limits", AuthIAM, ""},
			{"PUT", "/v1/tenants/{id}/limits", AuthIAM, ""},
			{"POST", "/v1/tokens", AuthIAM, ""},
			{"DELETE", "/v1/tokens/{id}", AuthIAM, ""},
			{"POST", "/v1/sources", AuthIAM, ""},
			{"GET", "/v1/sources", AuthIAM, ""},
			{"DELETE", "/v1/sources/{id}", AuthIAM, ""},
			{"GET", "/v1/dead-letters", AuthToken, "operator"},
			{"GET", "/v1/dead-letters/{id}", AuthToken, "operator"},
			{"POST", "/v1/dead-letters/redrive", AuthToken, "operator"},
			{"POST", "/v1/dead-letters/{id}/discard", AuthToken, "operator"},
		},
		Permissions: []Permission{
			{GetRows, Table, []string{TenantRows}},
			{ReadRows, Table, []string{ProducerRows, DeadLetterRows}},
			{PutRows, Table, []string{TenantRows, TokenRows, ProducerRows, DeadLetterRows, IdempotencyRows}},
			{DeleteRows, Table, []string{TokenRows, ProducerRows}},
			{QueryRows, Table, []string{QuotaRows}},
			{UpdateRows, Table, []string{QuotaRows}},
			{RedriveMessages, AllQueues, nil},
		},
		Memory: 256, Timeout: 29 * time.Second,
	},
	{
		Name: "observe",
		Routes: []Route{
			{"GET", "/v1/videos/{id}/trace", AuthToken, "videos:read"},
			{"GET", "/v1/map", AuthToken, "operator"},
		},
		Permissions: []Permission{
			{ReadRows, Table, []string{VideoRows, DeadLetterRows}},
			{GetRows, Table, []string{ScalingRows}},
			{ReadQueueDepth, AllQueues, nil},
			{ReadTraces, Traces, nil},
		},
		Memory: 512, Timeout: 29 * time.Second,
	},
	{
		Name: "authorize", Permissions: []Permission{{GetRows, Table, []string{TokenRows}}}, Memory: 256,
		Timeout: 5 * time.Second,
	},
	{
		Name: "play",
		Routes: []Route{
			{"GET", "/watch/{playback}", AuthOpen, ""},
			{"GET", "/watch/assets/{file}", AuthOpen, ""},
			{"GET", "/p/{token}/{playback}/{file+}", AuthOpen, ""},
		},
		Permissions: []Permission{
			{GetRows, Table, []string{DenyListRows}},
			{ReadObjects, MediaBucket, []string{MediaPrefix}},
			{ReadSecret, PlaybackKey, nil},
		},
		Memory: 256, Timeout: 10 * time.Second,
	},
	{
		Name: Studio,
		Routes: []Route{
			{"GET", "/studio", AuthOpen, ""},
			{"GET", "/studio/{version}/{file}", AuthOpen, ""},
		},
		Memory: 256, Timeout: 10 * time.Second,
	},
	{
		Name: "inspect",
		Inbox: &Inbox{
			EventTypes: []string{"s3.object-created.v1", "inspect.requested.v1"}, BatchSize: 1,
			ServiceTime: 3 * time.Second, MaxAttempts: 5, MaxWait: time.Minute,
			Lanes: []LaneSettings{{Name: video.Interactive, TargetWait: 5 * time.Second, Weight: 3}},
		},
		Emits: []string{"media.inspected.v1", "media.refused.v1", "media.unindexed.v1"},
		Permissions: []Permission{
			{ReadObjects, SourceBucket, []string{SourcePrefix, CopyPrefix}},
			{WriteObjects, SourceBucket, []string{IndexPrefix}},
		},
		Memory: 1769, Disk: 10240, Timeout: 3 * time.Minute, Layer: "ffmpeg",
	},
	{
		// It may take more than three minutes, as no other service: it reads an original from beginning to end.
		Name: "remux",
		Inbox: &Inbox{
			EventTypes: []string{"remux.requested.v1"}, BatchSize: 1, ServiceTime: 20 * time.Second, MaxAttempts: 3,
			MaxWait: 15 * time.Minute,
			Lanes:   []LaneSettings{{Name: video.Interactive, TargetWait: 10 * time.Second}},
		},
		Emits: []string{"remux.done.v1", "media.refused.v1"},
		Permissions: []Permission{
			{ReadObjects, SourceBucket, []string{SourcePrefix, CopyPrefix}},
			{WriteObjects, SourceBucket, []string{CopyPrefix}},
			{AbortUploads, SourceBucket, []string{CopyPrefix}},
		},
		Memory: 1769, Timeout: MaxRemuxTime, Layer: "ffmpeg",
	},
	{
		Name: "encode",
		Inbox: &Inbox{
			EventTypes: []string{"encode.requested.v1"}, FairShare: true, BatchSize: 1, ServiceTime: 10 * time.Second,
			MaxAttempts: 5, MaxWait: 2 * time.Minute,
			Lanes: []LaneSettings{
				{Name: video.Interactive, TargetWait: 5 * time.Second, Weight: 16},
				{Name: video.Bulk, TargetWait: 10 * time.Minute, MaxWait: 15 * time.Minute, Weight: 16},
			},
		},
		Emits: []string{"encode.done.v1", "encode.failed.v1"},
		Permissions: []Permission{
			{ReadObjects, SourceBucket, []string{SourcePrefix, CopyPrefix}},
			{WriteObjects, MediaBucket, []string{MediaPrefix}},
		},
		Memory: 3008, Disk: 10240, Timeout: 3 * time.Minute, Layer: "ffmpeg",
	},
	{
		Name: "fetch",
		Inbox: &Inbox{
			EventTypes: []string{"fetch.requested.v1"}, BatchSize: 1, ServiceTime: 20 * time.Second, MaxAttempts: 12,
			MaxWait: 5 * time.Minute, Lanes: []LaneSettings{{Name: video.Bulk, TargetWait: time.Minute, Weight: 3}},
		},
		Emits: []string{"fetch.failed.v1"},
		Permissions: []Permission{
			{UploadObjects, SourceBucket, []string{SourcePrefix}},
			{ReadObjects, ProducerBuckets, nil},
			{ConnectOutbound, Internet, nil},
		},
		Memory: 512, Timeout: 3 * time.Minute,
	},
	{
		Name: "publish",
		Inbox: &Inbox{EventTypes: []string{
			"upload.completed.v1", "upload.cancelled.v1", "fetch.failed.v1", "media.inspected.v1", "media.refused.v1",
			"media.unindexed.v1", "remux.done.v1", "encode.done.v1", "encode.failed.v1", "unpublish.requested.v1",
			"publish.requested.v1", "delete.requested.v1", "sweep.done.v1", "deadline.passed.v1",
		}, FIFO: true, BatchSize: 10, ServiceTime: 200 * time.Millisecond, MaxAttempts: 12, MaxWait: 30 * time.Second,
			Lanes: []LaneSettings{{Name: video.Interactive, TargetWait: 5 * time.Second, Weight: 3}}},
		Emits: []string{
			"fetch.requested.v1", "inspect.requested.v1", "remux.requested.v1", "encode.requested.v1",
			"sweep.requested.v1",
			"video.processing.v1", "video.playable.v1", "video.ready.v1", "video.failed.v1", "video.cancelled.v1",
			"video.unpublished.v1", "video.published.v1",
			"video.deleted.v1",
		},
		Permissions: []Permission{
			{ReadRows, Table, []string{VideoRows, InFlightLimitRows}},
			{GetManyRows, Table, []string{VideoRows}},
			{WriteRows, Table, []string{VideoRows, QuotaRows}},
			{GetRows, Table, []string{DenyListRows}},
			{PutRows, Table, []string{InFlightLimitRows, DenyListRows}},
			{QueryRows, Table, []string{QuotaRows}},
			{DeleteRows, Table, []string{InFlightLimitRows}},
			{ReadObjects, MediaBucket, []string{MediaPrefix}}, // to extend existing playlists
			{WriteObjects, MediaBucket, []string{MediaPrefix}},
			{InvokeFunction, Functions, []string{"reconcile"}},
		},
		Memory: 512, Timeout: 30 * time.Second,
	},
	{
		Name: "purge",
		Inbox: &Inbox{
			EventTypes: []string{"sweep.requested.v1"}, BatchSize: 1, ServiceTime: 2 * time.Second, MaxAttempts: 5,
			MaxWait: 15 * time.Minute,
			Lanes:   []LaneSettings{{Name: video.Bulk, TargetWait: 10 * time.Minute, Weight: 1}},
		},
		Emits: []string{"sweep.done.v1"},
		Permissions: []Permission{
			{DeleteObjects, SourceBucket, []string{SourcePrefix, CopyPrefix}},
			{DeleteObjects, MediaBucket, []string{MediaPrefix}},
			{DeleteRows, Table, []string{VideoRows}},
		},
		Memory: 256, Timeout: time.Minute,
	},
	{
		Name:     "reconcile",
		Interval: time.Minute,
		Emits:    []string{"deadline.passed.v1"},
		Permissions: []Permission{
			{QueryIndex, ByDeadline, []string{DueIndex, OpenDeadLetterIndex, DenyStepIndex}},
			{ReadRows, Table, []string{VideoRows}},
			{GetRows, Table, []string{InFlightLimitRows, DenyListRows}},
			{ReadObjects, SourceBucket, []string{SourcePrefix}}, // HEAD: was a notification lost?
			{ReadQueueDepth, AllQueues, nil},
			{ReadQueueAges, Metrics, nil},
			{DrainMessages, AllDeadLetterQueues, nil},
			{PutRows, Table, []string{DeadLetterRows, ScalingRows, DenyListRows}},
			{GetRows, Table, []string{ScalingRows}},
			{Autoscale, AllEventSourceMappings, nil},
			{WriteDenyList, CDNStore, nil},
			{InvalidateMedia, CDNDistribution, nil},
		},
		Memory: 256, Timeout: 50 * time.Second,
	},
})
