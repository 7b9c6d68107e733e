// Package storetest is the test suite of package store. It checks that a Store behaves the same on every table.
package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"sluice/shared/domain/holding"
	"sluice/shared/domain/video"
	"sluice/shared/platform/require"
	"sluice/shared/platform/store"
)

// Run runs the suite on the stores that open returns. It may always return the same store, and the store may hold other
// rows: every test uses ids of its own.
func Run(t *testing.T, open func(t testing.TB) store.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s store.Store)
	}{
		{"a tenant is read as it was written", testTenantRoundTrips},
		{"any tenant and token are read as they were written", testAnyTenantAndTokenRoundTrip},
		{"a tenant is created once", testTenantIsCreatedOnce},
		{"a token is read as it was written", testTokenRoundTrips},
		{"a token is created once", testTokenIsCreatedOnce},
		{"a token is deleted", testTokenIsDeleted},
		{"missing rows are not found", testMissingRowsAreNotFound},
		{"invalid ids reach no row", testInvalidIDsReachNoRow},
		{"a cancelled call is transient", testCancelledCallsAreTransient},
		{"creating a video writes the video and the upload", testCreateVideoWritesBothRows},
		{"creating a video writes all rows or none", testCreateVideoIsAtomic},
		{"any video is read as it was written", testAnyVideoRoundTrips},
		{"tenants are isolated", testTenantsAreIsolated},
		{"callers share no memory with the store", testStoreSharesNoMemory},
		{"saving a video checks its version", testSaveVideoChecksVersion},
		{"saving a video keeps its finished tasks", testSaveVideoKeepsFinishedTasks},
		{"one of several concurrent saves wins", testOneConcurrentSaveWins},
		{"finishing tasks grows the set", testFinishTaskGrowsSet},
		{"finishing a task is idempotent", testFinishTaskIsIdempotent},
		{"one of the concurrent finishers sees the full set", testOneFinishTaskSeesFullSet},
		{"the tasks of a short video are finished in one row", testTasksOfOnePageAreFinishedTogether},
		{"videos are loaded together", testVideosAreLoadedTogether},
		{"saving a video may skip versions", testSaveVideoSkipsVersions},
		{"any task result is read as it was written", testAnyTaskResultRoundTrips},
		{"task results are in order", testTaskResultsAreInOrder},
		{"large task results are all read", testLargeTaskResultsAreAllRead},
		{"an idempotency record excludes other requests until it expires", testIdempotencyRecordExcludesOthers},
		{"a completed idempotency record is returned", testCompletedRecordIsReturned},
		{"a released idempotency record is free", testReleasedRecordIsFree},
		{"a lost idempotency record can't be completed", testLostRecordCannotBeCompleted},
		{"creating a video completes the idempotency record", testCreateVideoCompletesIdempotency},
		{"idempotency records are separate", testIdempotencyRecordsAreSeparate},
		{"one of several concurrent requests wins", testOneConcurrentRequestWins},
		{"any idempotency record is read as it was written", testAnyIdempotencyRecordRoundTrips},
		{"producers are read as they were written", testProducersRoundTrip},
		{"a producer is created once", testProducerIsCreatedOnce},
		{"a producer is deleted", testProducerIsDeleted},
		{"senders are isolated", testSendersAreIsolated},
		{"any producer is read as it was written", testAnyProducerRoundTrips},
		{"a dead letter is created once", testDeadLetterIsCreatedOnce},
		{"dead letters are listed, newest first", testDeadLettersAreListedNewestFirst},
		{"dead letters are filtered", testDeadLettersAreFiltered},
		{"a dead letter is updated once", testDeadLetterIsUpdatedOnce},
		{"open dead letters are counted", testOpenDeadLettersAreCounted},
		{"a dead letter holds the largest message", testDeadLetterHoldsLargestMessage},
		{"invalid ids of dead letters", testInvalidDeadLetterIDs},
		{"any dead letter is read as it was written", testAnyDeadLetterRoundTrips},
		{"an in-flight limit is read as it was written", testInFlightLimitRoundTrips},
		{"saving an in-flight limit checks its version", testInFlightLimitChecksVersion},
		{"one of several concurrent saves of an in-flight limit wins", testOneConcurrentLimitSaveWins},
		{"any in-flight limit is read as it was written", testAnyInFlightLimitRoundTrips},
		{"a wait queue is in order", testWaitQueueIsInOrder},
		{"many positions are dequeued at once", testManyPositionsAreDequeued},
		{"invalid queue positions are rejected", testInvalidPositionsAreRejected},
		{"random steps follow the model", testRandomStepsFollowModel},
		{"videos are listed in pages, newest first", testVideosAreListedInPages},
		{"videos are filtered", testVideosAreFiltered},
		{"a list has only the tenant's videos, without deleted ones", testListHasOnlyTenantsVideos},
		{"an invalid cursor is rejected", testInvalidCursorIsRejected},
		{"details and state are written separately", testDetailsAndStateAreSeparate},
		{"the details of a deleted video are not updated", testDeletedVideoDetailsAreNotUpdated},
		{"a timeline has every change and every task", testTimelineHasChangesAndTasks},
		{"the entry of a task has the state of its time", testTaskEntryHasStateOfItsTime},
		{"overdue videos are listed, and no others", testOverdueVideosAreListed},
		{"the longest overdue video comes first", testLongestOverdueComesFirst},
		{"task results are deleted", testTaskResultsAreDeleted},
		{"rules of the deny list are applied in order", testDenyRulesAreApplied},
		{"saving an entry of the deny list checks its revision", testDenyEntryChecksRevision},
		{"entries of the deny list are listed by their step", testDenyStepsAreListed},
		{"any entry of the deny list is read as it was written", testAnyDenyEntryRoundTrips},
		{"a stale scaling state is rejected", testStaleScalingStateIsRejected},
		{"a limit is exact under concurrent requests", testLimitIsExact},
		{"limits are saved", testLimitsAreSaved},
		{"encoding is limited", testEncodingIsLimited},
		{"a video of before there were limits is counted", testVideoOfBeforeLimitsIsCounted},
		{"usage is listed by day", testUsageIsListedByDay},
		{"reservations follow the videos", testReservationsFollowVideos},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

// created is a time with nanoseconds, which rows must keep.
var created = time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)

// uniqueID returns an id that no other test has. It is valid for a tenant.
func uniqueID() string { return "t" + strings.ToLower(ulid.Make().String()) }

// newVideoAndUpload returns a new video of a tenant and its upload.
func newVideoAndUpload(tenant string) (video.Video, video.Upload) {
	id := uniqueID()
	v := video.Video{
		Tenant: tenant, ID: "vid_" + id, Playback: "p" + id, Details: video.Details{Title: "Überraschung"},
		State: video.Waiting, Version: 1,
		Source: video.Source{
			Key: "t/" + tenant + "/vid_" + id + "/source", Name: "a.mov", ContentType: "video/quicktime", Size: 9,
		},
		Times: video.Times{Created: created}, Trace: "Root=1-5759e988-bd862e3fe1be46a994272793",
	}
	u := video.Upload{
		Tenant: tenant, ID: "upl_" + id, Video: v.ID, MultipartID: "2~abc", Key: v.Source.Key, Size: 9,
		PartSize: 8 << 20, Created: created,
	}
	return v, u
}

// createVideo creates a new video in s.
func createVideo(t require.TestingT, s store.Store) video.Video {
	t.Helper()
	v, u := newVideoAndUpload(uniqueID())
	require.NoError(t, s.CreateVideo(t.Context(), v, u))
	return v
}

// requireVideo fails unless s has exactly v, with what it holds reserved.
func requireVideo(t require.TestingT, s store.Store, v video.Video) {
	t.Helper()
	if v.Reserved = holding.Of(v); len(v.Reserved) == 0 {
		v.Reserved = nil
	}
	require.Returns(t, v)(s.LoadVideo(t.Context(), v.Tenant, v.ID))
}

// testEntry is a timeline entry for tests that do not look at it.
var testEntry = video.TimelineEntry{Cause: "test", At: created}
