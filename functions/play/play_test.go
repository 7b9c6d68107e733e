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
	"sluice/shared/platform/store"
)

var (
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	publicID = "p" + strings.Repeat("a2", 16)
	signedID = "s" + publicID[1:]
)

const signingSecret = "a secret of some length"

type response = lambdaevents.APIGatewayProxyResponse

// fixture is a Server with one public and one signed video.
type fixture struct {
	*play.Server
	table       store.Store
	secretReads int // how often the secret was read
	logs        bytes.Buffer
	call        httpapi.GatewayFunc
	get         func(path string, query ...string) response
}

func newFixture(tb testing.TB) *fixture {
	tb.Helper()
	media := &blob.Memory{}
	for _, id := range []string{publicID, signedID} {
		for _, name := range []string{"master.m3u8", "720p/index.m3u8", "720p/00001.m4s", "secret.txt"} {
			if err := media.PutObject(
				tb.Context(), playback.ObjectPrefix(id)+name, strings.NewReader("this is "+name), blob.Metadata{},
			); err != nil {
				tb.Fatal(err)
			}
		}
	}
	f := &fixture{}
	log := slog.New(slog.NewTextHandler(&f.logs, nil))
	f.table = store.NewMemory()
	f.Server = &play.Server{Media: media, DenyList: f.table, Log: log, Now: func() time.Time { return noon },
		SigningSecret: func(context.Context) (string, error) { f.secretReads++; return signingSecret, nil }}
	f.rebuildHandler(tb)
	return f
}

// rebuildHandler makes the handler anew, after a change of the Server.
func (f *fixture) rebuildHandler(tb testing.TB) {
	tb.Helper()
	h, err := f.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	f.call = httpapi.NewGatewayFunc(h, f.Log)
	f.get = func(path string, query ...string) response {
		e := lambdaevents.APIGatewayProxyRequest{
			HTTPMethod: "GET", Path: path, QueryStringParameters: map[string]string{},
		}
		if len(query) == 2 {
			e.QueryStringParameters[query[0]] = query[1]
		}
		out, err := f.call(tb.Context(), e)
		if err != nil {
			tb.Fatal(err)
		}
		return out
	}
}

func headerValue(a response, name string) string {
	return strings.Join(a.MultiValueHeaders[name], ", ")
}

func signToken(id string, left time.Duration) string {
	return playback.SignToken(id, noon.Add(left), "1", playback.SigningKeys{"1": []byte(signingSecret)})
}

func TestFilesAreServedOrRedirected(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, path string
		status     int
		body       string // a part of the body or of the Location
		cache      string
	}{
		{"master", "public/" + publicID + "/master.m3u8", 200, "this is master.m3u8", "public, max-age=2"},
		{"rendition", "public/" + publicID + "/720p/index.m3u8", 200, "this is 720p/index.m3u8", "public, max-age=2"},
		{
			"segment", "public/" + publicID + "/720p/00001.m4s", 302, "v/" + publicID + "/720p/00001.m4s",
			"private, max-age=240",
		},
		{
			"init", "public/" + publicID + "/audio/init.mp4", 302, "v/" + publicID + "/audio/init.mp4",
			"private, max-age=240",
		},
		{
			"signed", signToken(signedID, time.Minute) + "/" + signedID + "/master.m3u8", 200, "this is",
			"public, max-age=2",
		},
		{
			"signed segment", signToken(signedID, time.Minute) + "/" + signedID + "/720p/00001.m4s", 302,
			"v/" + signedID, "private, max-age=240",
		},
		{"no token", "public/" + signedID + "/master.m3u8", 403, "token_invalid", "no-store"},
		{"malformed token", "x/" + publicID + "/master.m3u8", 403, "token_invalid", "no-store"},
		{
			"other video's token", signToken(signedID, time.Minute) + "/" + publicID + "/720p/00001.m4s", 403,
			"token_invalid", "no-store",
		},
		{
			"expired token", signToken(signedID, 0) + "/" + signedID + "/720p/00001.m4s", 403, "token_expired",
			"no-store",
		},
		{"malformed id", "public/" + publicID[1:] + "/master.m3u8", 403, "token_invalid", "no-store"},
		{"not ready", "public/p" + strings.Repeat("b", 32) + "/master.m3u8", 404, "video_not_ready", "no-store"},
		{"other file", "public/" + publicID + "/secret.txt", 404, "file_not_found", "no-store"},
		{"path with ..", "public/" + publicID + "/../" + signedID + "/master.m3u8", 404, "route_unknown", "no-store"},
		{
			"path with .., encoded", "public/" + publicID + "/%2e%2e/" + signedID + "/master.m3u8", 404,
			"file_not_found", "no-store",
		},
		{"four digits", "public/" + publicID + "/720p/0001.m4s", 404, "file_not_found", "no-store"},
		{"two folders", "public/" + publicID + "/720p/720p/00001.m4s", 404, "file_not_found", "no-store"},
		{"newline", "public/" + publicID + "/master.m3u8\n", 404, "file_not_found", "no-store"},
		{"folder", "public/" + publicID + "/", 404, "route_unknown", "no-store"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			got := fx.get("/p/" + row.path)
			if got.StatusCode != row.status || !strings.Contains(got.Body+headerValue(got, "Location"), row.body) {
				t.Errorf("%d %s %v", got.StatusCode, got.Body, got.MultiValueHeaders)
			}
			if cache := headerValue(got, "Cache-Control"); cache != row.cache {
				t.Errorf("Cache-Control %q", cache)
			}
			if cors := headerValue(got, "Access-Control-Allow-Origin"); cors != "*" &&
				!strings.Contains(got.Body, "route_unknown") {
				t.Errorf("Access-Control-Allow-Origin %q", cors)
			}
			if got.StatusCode == 200 && headerValue(got, "Content-Type") != "application/vnd.apple.mpegurl" {
				t.Errorf("Content-Type %q", headerValue(got, "Content-Type"))
			}
			if fx.logs.Len() > 0 {
				t.Errorf("logged: %s", &fx.logs)
			}
		})
	}
}

func TestLongPlaylistIsServedWhole(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	text := strings.Repeat("x", 5<<20)
	if err := fx.Media.(*blob.Memory).PutObject(
		t.Context(), playback.ObjectPrefix(publicID)+"720p/index.m3u8", strings.NewReader(text), blob.Metadata{},
	); err != nil {
		t.Fatal(err)
	}
	if got := fx.get("/p/public/" + publicID + "/720p/index.m3u8"); got.StatusCode != 200 || got.Body != text {
		t.Errorf("%d, %d bytes", got.StatusCode, len(got.Body))
	}
}

// Public playback works without Secrets Manager.
func TestSecretIsReadOnceAndOnlyForSignedTokens(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.get("/p/public/" + publicID + "/master.m3u8")
	if fx.secretReads != 0 {
		t.Errorf("read %d times for a public video", fx.secretReads)
	}
	for range 3 {
		fx.get("/p/" + signToken(signedID, time.Minute) + "/" + signedID + "/master.m3u8")
	}
	if fx.secretReads != 1 {
		t.Errorf("read %d times", fx.secretReads)
	}
}

// A missing or short key must not accept a token that it has signed.
func TestMissingOrShortKeyRejectsSignedTokens(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, secret string
		err          error
		status       int
	}{
		{"unavailable", "", errors.New("secrets unavailable"), 503},
		{"empty", "", nil, 500},
		{"short", "short", nil, 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			fx.SigningSecret = func(context.Context) (string, error) { return row.secret, row.err }
			forged := playback.SignToken(
				signedID, noon.Add(time.Minute), "1", playback.SigningKeys{"1": []byte(row.secret)},
			)
			if got := fx.get("/p/" + forged + "/" + signedID + "/master.m3u8"); got.StatusCode != row.status {
				t.Errorf("%d %s", got.StatusCode, got.Body)
			}
			fx.SigningSecret = func(context.Context) (string, error) { return signingSecret, nil }
			if got := fx.get(
				"/p/" + signToken(signedID, time.Minute) + "/" + signedID + "/master.m3u8",
			); got.StatusCode != 200 {
				t.Errorf("with a good key: %d %s", got.StatusCode, got.Body)
			}
		})
	}
}
