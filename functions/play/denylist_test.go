package play_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
)

// The function sees the deny list at the next request: nothing of it is cached.
func TestPromise05_DeniedVideoIsNotServed(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	paths := []string{
		"/p/public/" + publicID + "/master.m3u8", "/p/public/" + publicID + "/720p/00001.m4s",
		"/p/" + signToken(publicID, time.Minute) + "/" + publicID + "/720p/index.m3u8",
	}
	for version, step := range []struct {
		status playback.Status
		denied bool
	}{{playback.Allowed, false}, {playback.Denied, true}, {playback.Allowed, false}, {playback.Removed, true}} {
		rule := playback.DenyRule{Playback: publicID, Status: step.status, Version: int64(version + 1), At: noon}
		if _, err := fx.table.ApplyDenyRule(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			got := fx.get(path)
			denied := got.StatusCode == 403 && strings.Contains(got.Body, "video_denied") &&
				headerValue(got, "Cache-Control") == "no-store" && headerValue(got, "Location") == ""
			if denied != step.denied || !denied && got.StatusCode >= 400 {
				t.Errorf("%s, %s: %d %s %v", step.status, path, got.StatusCode, got.Body, got.MultiValueHeaders)
			}
		}
	}
	other := "/p/" + signToken(signedID, time.Minute) + "/" + signedID + "/master.m3u8"
	if got := fx.get(other); got.StatusCode != 200 {
		t.Errorf("another video: %d %s", got.StatusCode, got.Body)
	}
}

type unreadableDenyList struct{}

func (unreadableDenyList) LoadDenyEntry(context.Context, string) (playback.DenyEntry, error) {
	return playback.DenyEntry{}, errs.E("test", errs.Transient, errors.New("down"))
}

func TestNothingIsServedWithoutDenyList(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.DenyList = unreadableDenyList{}
	if got := fx.get("/p/public/" + publicID + "/master.m3u8"); got.StatusCode != 503 {
		t.Errorf("%d %s", got.StatusCode, got.Body)
	}
}
