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
	"sluice/shared/domain/scaling"
	"sluice/shared/domain/video"
)

// Store is what is tested.
type Store interface {
	PutTenant(ctx context.Context, t video.Tenant) error
	Tenant(ctx context.Context, id string) (video.Tenant, error)
	PutToken(ctx context.Context, t video.Token) error
	Token(ctx context.Context, id string) (video.Token, error)
	DeleteToken(ctx context.Context, id string) error
	Create(ctx context.Context, v video.Video, u video.Upload) error
	Video(ctx context.Context, tenant, id string) (video.Video, error)
	Upload(ctx context.Context, tenant, id string) (video.Upload, error)
	Save(ctx context.Context, v video.Video, why video.Entry) error
	Finish(ctx context.Context, tenant, id string, d video.TaskDone) (map[int]bool, error)
	Results(ctx context.Context, tenant, id string) ([]video.Result, error)
	List(ctx context.Context, tenant string, f video.Filter, cursor string, limit int) ([]video.Video, string, error)
	Describe(ctx context.Context, tenant, id string, a video.About) error
	Timeline(ctx context.Context, tenant, id string) ([]video.Entry, error)
	Due(ctx context.Context, now time.Time, limit int) ([]video.Ref, error)
	Forget(ctx context.Context, tenant, id string) error
	CreateOnce(ctx context.Context, v video.Video, u video.Upload, c video.Claim) error
	Claim(ctx context.Context, c video.Claim, now time.Time) (video.Claim, error)
	Settle(ctx context.Context, c video.Claim) error
	PutSource(ctx context.Context, g video.Grant) error
	Sources(ctx context.Context, sender string) ([]video.Grant, error)
	AllSources(ctx context.Context) ([]video.Grant, error)
	DeleteSource(ctx context.Context, id string) error
	PutLetter(ctx context.Context, l video.Letter) error
	Letter(ctx context.Context, id string) (video.Letter, error)
	OpenLetters(ctx context.Context, service string) (int, error)
	SettleLetter(ctx context.Context, was, is video.Letter) error
	Window(ctx context.Context, tenant string, lane video.Lane) (video.Window, error)
	SaveWindow(ctx context.Context, w video.Window) error
	Wait(ctx context.Context, tenant string, lane video.Lane, t video.Turn) error
	Waiting(ctx context.Context, tenant string, lane video.Lane, after video.Turn, limit int) ([]video.Turn, error)
	Leave(ctx context.Context, tenant string, lane video.Lane, turns ...video.Turn) error
	Letters(ctx context.Context, f video.LetterFilter, cursor string, now time.Time, limit int) (page []video.Letter, next string, err error)
	Scaling(ctx context.Context) (scaling.State, error)
	SaveScaling(ctx context.Context, s scaling.State) error
}

// Run runs the suite on the stores that open returns. They may be one and the same, and hold other rows already: every
// test has a tenant of its own.
func Run(t *testing.T, open func(t testing.TB) Store) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"a tenant is kept", tenantIsKept},
		{"a tenant is made once", tenantIsMadeOnce},
		{"a token is kept", tokenIsKept},
		{"a token is made once", tokenIsMadeOnce},
		{"a token is taken back", tokenIsTakenBack},
		{"what is not there is not found", missingIsNotFound},
		{"ids that fit no key", unfitIDs},
		{"a cancelled call is worth another try", cancelledIsTransient},
		{"create makes both rows", createMakesBoth},
		{"create makes both rows or none", createIsWhole},
		{"any video comes back as it went in", anyVideoIsKept},
		{"another tenant's is not found", tenantsAreApart},
		{"callers share no memory with the store", nothingIsShared},
		{"save follows the version", saveFollowsVersion},
		{"save leaves the finished tasks alone", saveKeepsDone},
		{"one of many savers wins", oneSaverWins},
		{"finish grows a set", finishGrowsSet},
		{"finish repeated changes nothing", finishIsIdempotent},
		{"one of many finishers sees the set full", someFinisherSeesAll},
		{"results are in order", resultsAreInOrder},
		{"results of any size are all read", largeResults},
		{"a claim keeps others off until it expires", claimHolds},
		{"a settled claim is told", claimIsSettled},
		{"a claim that was given up is free", claimIsGivenUp},
		{"a claim that was taken over can't be settled", claimIsLost},
		{"what is created with a claim is there with it", createSettles},
		{"claims of other names are apart", claimsAreApart},
		{"one of many claimants wins", oneClaimantWins},
		{"any claim comes back as it went in", anyClaimIsKept},
		{"a source is kept", sourceIsKept},
		{"a source is made once", sourceIsMadeOnce},
		{"a source is deleted", sourceIsDeleted},
		{"another sender's sources are not found", sendersAreApart},
		{"any source comes back as it went in", anySourceIsKept},
		{"a letter is filed once", letterIsFiledOnce},
		{"letters are listed, newest first", lettersAreListed},
		{"letters are listed by what they are", lettersAreFiltered},
		{"a letter is settled once", letterIsSettledOnce},
		{"a letter is open until somebody decides", lettersAreOpen},
		{"a letter is as large as a message", largeLetter},
		{"what is no letter is not found", noLetter},
		{"any letter comes back as it went in", anyLetterIsKept},
		{"a window is kept", windowIsKept},
		{"a window follows its version", windowFollowsVersion},
		{"one of many who write a window wins", oneWindowWins},
		{"any window comes back as it went in", anyWindowIsKept},
		{"a line is in the order of turns", lineIsInOrder},
		{"much of a line leaves at once", longLine},
		{"turns that fit no key", turnsAreChecked},
		{"any run of steps is as in the model", stepsFollowModel},
		{"a list is in pages, newest first", listIsInPages},
		{"a list is filtered", listIsFiltered},
		{"a list has only the tenant's, and not what is deleted", listIsTheTenants},
		{"a cursor that is none", cursorsAreChecked},
		{"describe leaves the rest alone, and save what is described", describeIsApart},
		{"what is deleted is not described", deletedIsNotDescribed},
		{"a timeline has every change and every task", timelineHasAll},
		{"a task's line has the state of its time", timelineFollowsState},
		{"what is due is found, and nothing else", dueIsFound},
		{"the longest overdue come first", dueIsInOrder},
		{"what tasks left behind is forgotten", tasksAreForgotten},
		{"of two decisions one is kept", scalingIsSavedOnce},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, open(t))
		})
	}
}

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Context() context.Context
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// created is a moment with nanoseconds, which must survive.
var created = time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)

// unique returns an id that no other test has; it can be a tenant's.
func unique() string { return "t" + strings.ToLower(ulid.Make().String()) }

// sample returns a new video of a tenant and its upload.
func sample(tenant string) (video.Video, video.Upload) {
	id := unique()
	v := video.Video{
		Tenant: tenant, ID: "vid_" + id, Playback: "p" + id, About: video.About{Title: "Überraschung"}, State: video.Waiting, Version: 1,
		Source: video.Source{Key: "t/" + tenant + "/vid_" + id + "/source", Name: "a.mov", ContentType: "video/quicktime", Size: 9},
		Times:  video.Times{Created: created}, Trace: "Root=1-5759e988-bd862e3fe1be46a994272793",
	}
	u := video.Upload{
		Tenant: tenant, ID: "upl_" + id, Video: v.ID, Multipart: "2~abc", Key: v.Source.Key, Size: 9, PartSize: 8 << 20,
		Created: created,
	}
	return v, u
}

// create makes a new video in s.
func create(t tester, s Store) video.Video {
	t.Helper()
	v, u := sample(unique())
	must(t, s.Create(t.Context(), v, u))
	return v
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want fails unless err is of a kind and, if code is given, has that code.
func want(t tester, err error, kind errs.Kind, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || (code != "" && e.Code != code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
}

// same fails unless got is want; empty and absent are the same.
func same(t tester, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// stored fails unless s has v.
func stored(t tester, s Store, v video.Video) {
	t.Helper()
	got, err := s.Video(t.Context(), v.Tenant, v.ID)
	must(t, err)
	same(t, got, v)
}

// change is the entry of a timeline where it is not what is tested.
var change = video.Entry{What: "test", At: created}
