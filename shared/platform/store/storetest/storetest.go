// Package storetest holds every implementation of the store to one behaviour.
package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/oklog/ulid/v2"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
	"sluice/shared/platform/store"
)

// Run runs the suite on the stores that open returns. They may be one and the same, and hold other rows already: every
// test has a tenant of its own.
func Run(t *testing.T, open func(t testing.TB) store.Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s store.Store)
	}{
		{"a tenant is kept", testTenantRoundTrips},
		{"any tenant and token come back as they went in", testAnyTenantAndTokenRoundTrip},
		{"a tenant is made once", testTenantIsCreatedOnce},
		{"a token is kept", testTokenRoundTrips},
		{"a token is made once", testTokenIsCreatedOnce},
		{"a token is taken back", testTokenIsDeleted},
		{"what is not there is not found", testMissingRowsAreNotFound},
		{"ids that fit no key", testInvalidIDsReachNoRow},
		{"a cancelled call is worth another try", testCancelledCallsAreTransient},
		{"create makes both rows", testCreateVideoWritesBothRows},
		{"create makes both rows or none", testCreateVideoIsAtomic},
		{"any video comes back as it went in", testAnyVideoRoundTrips},
		{"another tenant's is not found", testTenantsAreIsolated},
		{"callers share no memory with the store", testStoreSharesNoMemory},
		{"save follows the version", testSaveVideoChecksVersion},
		{"save leaves the finished tasks alone", testSaveVideoKeepsFinishedTasks},
		{"one of many savers wins", testOneConcurrentSaveWins},
		{"finish grows a set", testFinishTaskGrowsSet},
		{"finish repeated changes nothing", testFinishTaskIsIdempotent},
		{"one of many finishers sees the set full", testOneFinishTaskSeesFullSet},
		{"any task result comes back as it went in", testAnyTaskResultRoundTrips},
		{"results are in order", testTaskResultsAreInOrder},
		{"results of any size are all read", testLargeTaskResultsAreAllRead},
		{"a claim keeps others off until it expires", testIdempotencyRecordExcludesOthers},
		{"a settled claim is told", testCompletedRecordIsReturned},
		{"a claim that was given up is free", testReleasedRecordIsFree},
		{"a claim that was taken over can't be settled", testLostRecordCannotBeCompleted},
		{"what is created with a claim is there with it", testCreateVideoCompletesIdempotency},
		{"claims of other names are apart", testIdempotencyRecordsAreSeparate},
		{"one of many claimants wins", testOneConcurrentRequestWins},
		{"any claim comes back as it went in", testAnyIdempotencyRecordRoundTrips},
		{"a source is kept", testProducersRoundTrip},
		{"a source is made once", testProducerIsCreatedOnce},
		{"a source is deleted", testProducerIsDeleted},
		{"another sender's sources are not found", testSendersAreIsolated},
		{"any source comes back as it went in", testAnyProducerRoundTrips},
		{"a letter is filed once", testDeadLetterIsCreatedOnce},
		{"letters are listed, newest first", testDeadLettersAreListedNewestFirst},
		{"letters are listed by what they are", testDeadLettersAreFiltered},
		{"a letter is settled once", testDeadLetterIsUpdatedOnce},
		{"a letter is open until somebody decides", testOpenDeadLettersAreCounted},
		{"a letter is as large as a message", testDeadLetterHoldsLargestMessage},
		{"what is no letter is not found", testInvalidDeadLetterIDs},
		{"any letter comes back as it went in", testAnyDeadLetterRoundTrips},
		{"a window is kept", testInFlightLimitRoundTrips},
		{"a window follows its version", testInFlightLimitChecksVersion},
		{"one of many who write a window wins", testOneConcurrentLimitSaveWins},
		{"any window comes back as it went in", testAnyInFlightLimitRoundTrips},
		{"a line is in the order of turns", testWaitQueueIsInOrder},
		{"much of a line leaves at once", testManyPositionsAreDequeued},
		{"turns that fit no key", testInvalidPositionsAreRejected},
		{"any run of steps is as in the model", testRandomStepsFollowModel},
		{"a list is in pages, newest first", testVideosAreListedInPages},
		{"a list is filtered", testVideosAreFiltered},
		{"a list has only the tenant's, and not what is deleted", testListHasOnlyTenantsVideos},
		{"a cursor that is none", testInvalidCursorIsRejected},
		{"describe leaves the rest alone, and save what is described", testDetailsAndStateAreSeparate},
		{"what is deleted is not described", testDeletedVideoDetailsAreNotUpdated},
		{"a timeline has every change and every task", testTimelineHasChangesAndTasks},
		{"a task's line has the state of its time", testTaskEntryHasStateOfItsTime},
		{"what is due is found, and nothing else", testOverdueVideosAreListed},
		{"the longest overdue come first", testLongestOverdueComesFirst},
		{"what tasks left behind is forgotten", testTaskResultsAreDeleted},
		{"of two decisions one is kept", testStaleScalingStateIsRejected},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	Context() context.Context
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// created is a moment with nanoseconds, which must survive.
var created = time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)

// uniqueID returns an id that no other test has; it can be a tenant's.
func uniqueID() string { return "t" + strings.ToLower(ulid.Make().String()) }

// newVideoAndUpload returns a new video of a tenant and its upload.
func newVideoAndUpload(tenant string) (video.Video, video.Upload) {
	id := uniqueID()
	v := video.Video{
		Tenant: tenant, ID: "vid_" + id, Playback: "p" + id, Details: video.Details{Title: "Überraschung"}, State: video.Waiting, Version: 1,
		Source: video.Source{Key: "t/" + tenant + "/vid_" + id + "/source", Name: "a.mov", ContentType: "video/quicktime", Size: 9},
		Times:  video.Times{Created: created}, Trace: "Root=1-5759e988-bd862e3fe1be46a994272793",
	}
	u := video.Upload{
		Tenant: tenant, ID: "upl_" + id, Video: v.ID, MultipartID: "2~abc", Key: v.Source.Key, Size: 9, PartSize: 8 << 20,
		Created: created,
	}
	return v, u
}

// createVideo makes a new video in s.
func createVideo(t testingT, s store.Store) video.Video {
	t.Helper()
	v, u := newVideoAndUpload(uniqueID())
	requireNoError(t, s.CreateVideo(t.Context(), v, u))
	return v
}

func requireNoError(t testingT, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// requireError fails unless err is of a kind and, if code is given, has that code.
func requireError(t testingT, err error, kind errs.Kind, code errs.Code) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || (code != "" && e.Code != code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
}

// requireEqual fails unless got is want; empty and absent are the same.
func requireEqual(t testingT, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// requireVideo fails unless s has v.
func requireVideo(t testingT, s store.Store, v video.Video) {
	t.Helper()
	got, err := s.LoadVideo(t.Context(), v.Tenant, v.ID)
	requireNoError(t, err)
	requireEqual(t, got, v)
}

// testEntry is the entry of a timeline where it is not what is tested.
var testEntry = video.TimelineEntry{Cause: "test", At: created}
