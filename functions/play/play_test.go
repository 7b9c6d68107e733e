package play_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/functions/play"
	"sluice/shared/domain/playback"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/httpapi"
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	public = "p" + strings.Repeat("a2", 16)
	signed = "s" + public[1:]
)

const secret = "a secret of some length"

type answer = lambdaevents.APIGatewayProxyResponse

// theater is a Player with one public and one signed video.
type theater struct {
	*play.Player
	asked int // how often the secret was fetched
	logs  bytes.Buffer
	get   func(path string, query ...string) answer
}

func newTheater(tb testing.TB) *theater {
	tb.Helper()
	media := &blob.Memory{}
	for _, id := range []string{public, signed} {
		for _, name := range []string{"master.m3u8", "720p/index.m3u8", "720p/00001.m4s", "secret.txt"} {
			if err := media.Put(tb.Context(), playback.Prefix(id)+name, strings.NewReader("this is "+name), blob.Meta{}); err != nil {
				tb.Fatal(err)
			}
		}
	}
	t := &theater{}
	log := slog.New(slog.NewTextHandler(&t.logs, nil))
	t.Player = &play.Player{Media: media, Log: log, Now: func() time.Time { return noon },
		Secret: func(context.Context) (string, error) { t.asked++; return secret, nil }}
	t.serve(tb)
	return t
}

// serve makes the routes anew, for a Player that was changed.
func (t *theater) serve(tb testing.TB) {
	tb.Helper()
	h, err := t.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	gateway := httpapi.NewGatewayFunc(h, t.Log)
	t.get = func(path string, query ...string) answer {
		e := lambdaevents.APIGatewayProxyRequest{HTTPMethod: "GET", Path: path, QueryStringParameters: map[string]string{}}
		if len(query) == 2 {
			e.QueryStringParameters[query[0]] = query[1]
		}
		out, err := gateway(tb.Context(), e)
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
}

func header(a answer, name string) string { return strings.Join(a.MultiValueHeaders[name], ", ") }

func token(id string, left time.Duration) string {
	return playback.Sign(id, noon.Add(left), "1", playback.Keys{"1": []byte(secret)})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path string
		status     int
		body       string // part of it, or of the Location
		cache      string
	}{
		{"master", "public/" + public + "/master.m3u8", 200, "this is master.m3u8", "public, max-age=2"},
		{"rendition", "public/" + public + "/720p/index.m3u8", 200, "this is 720p/index.m3u8", "public, max-age=2"},
		{"segment", "public/" + public + "/720p/00001.m4s", 302, "v/" + public + "/720p/00001.m4s", "private, max-age=240"},
		{"init", "public/" + public + "/audio/init.mp4", 302, "v/" + public + "/audio/init.mp4", "private, max-age=240"},
		{"signed", token(signed, time.Minute) + "/" + signed + "/master.m3u8", 200, "this is", "public, max-age=2"},
		{"signed segment", token(signed, time.Minute) + "/" + signed + "/720p/00001.m4s", 302, "v/" + signed, "private, max-age=240"},
		{"no token", "public/" + signed + "/master.m3u8", 403, "token_invalid", "no-store"},
		{"odd token", "x/" + public + "/master.m3u8", 403, "token_invalid", "no-store"},
		{"other video's token", token(signed, time.Minute) + "/" + public + "/720p/00001.m4s", 403, "token_invalid", "no-store"},
		{"old token", token(signed, 0) + "/" + signed + "/720p/00001.m4s", 403, "token_expired", "no-store"},
		{"odd id", "public/" + public[1:] + "/master.m3u8", 403, "token_invalid", "no-store"},
		{"not ready", "public/p" + strings.Repeat("b", 32) + "/master.m3u8", 404, "video_not_ready", "no-store"},
		{"other file", "public/" + public + "/secret.txt", 404, "file_not_found", "no-store"},
		{"climbing", "public/" + public + "/../" + signed + "/master.m3u8", 404, "route_unknown", "no-store"},
		{"climbing, encoded", "public/" + public + "/%2e%2e/" + signed + "/master.m3u8", 404, "file_not_found", "no-store"},
		{"four digits", "public/" + public + "/720p/0001.m4s", 404, "file_not_found", "no-store"},
		{"deeper", "public/" + public + "/720p/720p/00001.m4s", 404, "file_not_found", "no-store"},
		{"newline", "public/" + public + "/master.m3u8\n", 404, "file_not_found", "no-store"},
		{"folder", "public/" + public + "/", 404, "route_unknown", "no-store"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			th := newTheater(t)
			got := th.get("/p/" + row.path)
			if got.StatusCode != row.status || !strings.Contains(got.Body+header(got, "Location"), row.body) {
				t.Errorf("%d %s %v", got.StatusCode, got.Body, got.MultiValueHeaders)
			}
			if cache := header(got, "Cache-Control"); cache != row.cache {
				t.Errorf("Cache-Control %q", cache)
			}
			if cors := header(got, "Access-Control-Allow-Origin"); cors != "*" && !strings.Contains(got.Body, "route_unknown") {
				t.Errorf("Access-Control-Allow-Origin %q", cors)
			}
			if got.StatusCode == 200 && header(got, "Content-Type") != "application/vnd.apple.mpegurl" {
				t.Errorf("Content-Type %q", header(got, "Content-Type"))
			}
			if th.logs.Len() > 0 {
				t.Errorf("logged: %s", &th.logs)
			}
		})
	}
}

// TestSecretIsFetchedOnceAndOnlyIfNeeded: public playback works without Secrets Manager.
func TestALongPlaylistIsWhole(t *testing.T) {
	t.Parallel()
	th := newTheater(t)
	text := strings.Repeat("x", 5<<20)
	if err := th.Media.(*blob.Memory).Put(t.Context(), playback.Prefix(public)+"720p/index.m3u8", strings.NewReader(text), blob.Meta{}); err != nil {
		t.Fatal(err)
	}
	if got := th.get("/p/public/" + public + "/720p/index.m3u8"); got.StatusCode != 200 || got.Body != text {
		t.Errorf("%d, %d bytes", got.StatusCode, len(got.Body))
	}
}

func TestSecretIsFetchedOnceAndOnlyIfNeeded(t *testing.T) {
	t.Parallel()
	th := newTheater(t)
	th.get("/p/public/" + public + "/master.m3u8")
	if th.asked != 0 {
		t.Errorf("fetched %d times for a public video", th.asked)
	}
	for range 3 {
		th.get("/p/" + token(signed, time.Minute) + "/" + signed + "/master.m3u8")
	}
	if th.asked != 1 {
		t.Errorf("fetched %d times", th.asked)
	}
}

// TestNoKeyLetsNobodyIn: not even with a token that the missing or short key would have signed.
func TestNoKeyLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, secret string
		err          error
		status       int
	}{
		{"away", "", errors.New("secrets away"), 503},
		{"empty", "", nil, 500},
		{"short", "short", nil, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			th := newTheater(t)
			th.Secret = func(context.Context) (string, error) { return row.secret, row.err }
			forged := playback.Sign(signed, noon.Add(time.Minute), "1", playback.Keys{"1": []byte(row.secret)})
			if got := th.get("/p/" + forged + "/" + signed + "/master.m3u8"); got.StatusCode != row.status {
				t.Errorf("%d %s", got.StatusCode, got.Body)
			}
			th.Secret = func(context.Context) (string, error) { return secret, nil }
			if got := th.get("/p/" + token(signed, time.Minute) + "/" + signed + "/master.m3u8"); got.StatusCode != 200 {
				t.Errorf("when the key is there: %d %s", got.StatusCode, got.Body)
			}
		})
	}
}
