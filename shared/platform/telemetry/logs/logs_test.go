package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
)

// captureLog returns a logger and a function that returns the only line that it has written since.
func captureLog(t testing.TB) (*slog.Logger, func() map[string]any) {
	var out bytes.Buffer
	return New("encode", &out), func() map[string]any {
		t.Helper()
		defer out.Reset()
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
		return line
	}
}

func newInvocation(t *testing.T) context.Context {
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "req-1"})
}

func TestLineHasContextAttributes(t *testing.T) {
	t.Parallel()
	log, line := captureLog(t)
	ctx := WithAttrs(newInvocation(t), slog.String("trace", "1-a-b"), slog.String("tenant", "acme"))
	inner := WithAttrs(ctx, slog.String("tenant", "globex"), slog.String("video", "vid_1"))
	rows := []struct {
		name string
		ctx  context.Context
		want map[string]any
	}{
		{"outside an invocation", t.Context(), map[string]any{}},
		{"an invocation", newInvocation(t), map[string]any{"request_id": "req-1"}},
		{"with attributes", ctx, map[string]any{"request_id": "req-1", "trace": "1-a-b", "tenant": "acme"}},
		{
			"a later one replaces", inner,
			map[string]any{"request_id": "req-1", "trace": "1-a-b", "tenant": "globex", "video": "vid_1"},
		},
		{
			"one without a value yet", WithAttrs(ctx, slog.String("tenant", ""), slog.Any("video", lazyValue{})),
			map[string]any{"request_id": "req-1", "trace": "1-a-b"},
		},
		{
			"one that has a value by now", WithAttrs(ctx, slog.Any("video", lazyValue{"vid_2"})),
			map[string]any{"request_id": "req-1", "trace": "1-a-b", "tenant": "acme", "video": "vid_2"},
		},
		{
			"and leaves the earlier context alone", ctx,
			map[string]any{"request_id": "req-1", "trace": "1-a-b", "tenant": "acme"},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			log.With("part", 1).WarnContext(row.ctx, "slow", "ms", 20)
			got := line()
			if at, _ := got["timestamp"].(string); at == "" {
				t.Error("no timestamp")
			}
			delete(got, "timestamp")
			for key, v := range map[string]any{
				"level": "WARN", "message": "slow", "service": "encode", "part": 1.0, "ms": 20.0,
			} {
				row.want[key] = v
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGroupKeepsContextAttributes(t *testing.T) {
	t.Parallel()
	log, line := captureLog(t)
	log.WithGroup("job").InfoContext(WithAttrs(t.Context(), slog.String("tenant", "acme")), "done")
	if diff := cmp.Diff(map[string]any{"tenant": "acme"}, line()["job"]); diff != "" {
		t.Error(diff)
	}
}

// A handler must not change a record: one that writes to two places passes it on twice.
func TestHandleDoesNotChangeRecord(t *testing.T) {
	t.Parallel()
	log, line := captureLog(t)
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
	for i := range 8 { // so many that the record has a slice with spare capacity, which copies share
		r.Add(fmt.Sprint(i), i)
	}
	for _, tenant := range []string{"acme", "globex"} {
		if err := log.Handler().Handle(WithAttrs(t.Context(), slog.String("tenant", tenant)), r); err != nil {
			t.Fatal(err)
		}
		if got := line(); got["tenant"] != tenant || got["!BUG"] != nil {
			t.Errorf("line %v", got)
		}
	}
}

func TestLevelFromEnvironment(t *testing.T) {
	for name, want := range map[string]slog.Level{
		"": slog.LevelInfo, "TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
		"WARN": slog.LevelWarn, "ERROR": slog.LevelError, "FATAL": slog.LevelError, "LOUD": slog.LevelInfo,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_LAMBDA_LOG_LEVEL", name)
			log := New("encode", new(bytes.Buffer))
			if !log.Enabled(t.Context(), want) || log.Enabled(t.Context(), want-1) {
				t.Errorf("%q does not begin at %v", name, want)
			}
		})
	}
}

const secret = "FwoGZXIvYXdz0123456789abcdef"

// Each row is a way in which a secret may get into a line. What is around the secret is kept.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	signed := "https://b.s3/k?X-Amz-Credential=" + secret + "&X-Amz-Security-Token=" + secret + "&X-Amz-Signature=" +
		secret + "&x-id=GetObject"
	get := &url.Error{Op: "Get", URL: signed, Err: errors.New("connection refused")}
	token := access.FormatToken("01TOKEN", secret)
	type request struct {
		Header http.Header `json:"header"`
	}
	rows := []struct {
		name  string
		attr  slog.Attr
		keeps string
	}{
		{"signed URL", slog.String("url", signed), "x-id=GetObject"},
		{"in an error", slog.Any("err", get), "connection refused"},
		{
			"in a wrapped error",
			slog.Any("err", errs.E("blob.GetObject", errs.Transient, fmt.Errorf("part 1: %w", get))),
			"connection refused",
		},
		{"in a URL within a URL", slog.String("url", "https://x/?u="+url.QueryEscape(signed)), "https://x/?u="},
		{"in a URL value", slog.Any("urls", []string{signed, "https://x/"}), "x-id=GetObject"},
		{
			"escaped for HTML",
			slog.Any("doc", json.RawMessage(`"https://b/k?X-Amz-Signature=`+secret+`\u0026x-id=1"`)), "x-id=1",
		},
		{"token", slog.String("token", token), "slc_01TOKEN_***"},
		{"token in a text", slog.String("text", "token "+token+" is unknown"), "is unknown"},
		{"header", slog.Any("header", http.Header{"Authorization": {"Bearer " + secret}, "Accept": {"*/*"}}), "*/*"},
		{"headers of a struct", slog.Any("request", request{http.Header{"Cookie": {"s=" + secret}}}), "Cookie"},
		{"header printed", slog.String("text", fmt.Sprint(http.Header{"Authorization": {secret}})), "Authorization"},
		{
			"header quoted", slog.String("text", fmt.Sprintf("%q", http.Header{"Authorization": {"Bearer " + secret}})),
			"Authorization",
		},
		{
			"header as text",
			slog.String(
				"text",
				"GET / HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential=A/b, Signature="+secret+"\r\nAccept: x",
			),
			"Accept: x",
		},
		{"JSON in a text", slog.String("body", `{"headers":{"authorization":"`+secret+`","host":"api"}}`), "host"},
		{"bearer alone", slog.String("text", "bearer "+secret+" refused"), "refused"},
		{
			"security token header", slog.Any("header", map[string]string{"X-Amz-Security-Token": secret}),
			"X-Amz-Security-Token",
		},
		{"key", slog.String("Authorization", secret), "Authorization"},
		{"in a group", slog.Group("http", slog.Group("in", slog.String("authorization", secret))), "http"},
		{"lazily", slog.Any("v", lazyValue{signed}), "x-id=GetObject"},
		{"playback path", slog.String("path", "/p/"+secret+"/pb1/master.m3u8"), "/pb1/master.m3u8"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for place, write := range map[string]func(*slog.Logger){
				"in the line":    func(l *slog.Logger) { l.Info("m", row.attr) },
				"in the context": func(l *slog.Logger) { l.InfoContext(WithAttrs(t.Context(), row.attr), "m") },
				"in the logger":  func(l *slog.Logger) { l.With(row.attr).Info("m") },
				"in the message": func(l *slog.Logger) { l.Info(row.attr.String()) },
			} {
				log, line := captureLog(t)
				write(log)
				got := fmt.Sprint(line())
				if strings.Contains(got, secret) {
					t.Errorf("%s: %s", place, got)
				}
				if place != "in the message" && !strings.Contains(got, row.keeps) {
					t.Errorf("%s: lost %q: %s", place, row.keeps, got)
				}
			}
		})
	}
}

type lazyValue struct{ text string }

func (l lazyValue) LogValue() slog.Value { return slog.StringValue(l.text) }

func TestOrdinaryTextIsNotMasked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"authorization failed", "/p/public/pb1/master.m3u8", "the bearer is x", "arn:aws:sqs:eu-west-1:1:encode-inbox",
		"slc_", "X-Amz-Date=20260101",
	} {
		log, line := captureLog(t)
		log.Info(text, "text", text, "authorization", true)
		if got := line(); got["message"] != text || got["text"] != text || got["authorization"] != true {
			t.Errorf("%q became %v", text, got)
		}
	}
}

// Each line is one JSON object, whether something was masked or not.
func TestLinesAreJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"Authorization", "authorization:", "Cookie=", `":"`, `\"`, `\`, "slc_a_", "Bearer ", "X-Amz-Signature=",
			"/p/", "[", "}", ",",
		}))
		text := strings.Join(rapid.SliceOfN(part, 1, 6).Draw(t, "text"), "")
		key := strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "key"), "")
		var out bytes.Buffer
		New("encode", &out).Info(text, key, text, slog.Group(key, slog.Any(key, []string{text}), slog.Bool(key, true)))
		if !json.Valid(out.Bytes()) || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("not JSON: %s", out.String())
		}
	})
}

func TestWriteErrorIsReturned(t *testing.T) {
	t.Parallel()
	h := New("encode", failingWriter{}).Handler()
	if err := h.Handle(t.Context(), slog.Record{Message: "m"}); !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}

var errFull = errors.New("full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

// BenchmarkLogLine measures a line without a secret.
func BenchmarkLogLine(b *testing.B) {
	log, ctx := New("encode", new(bytes.Buffer)), WithAttrs(context.Background(), slog.String("tenant", "acme"))
	b.ReportAllocs()
	for b.Loop() {
		log.InfoContext(ctx, "task done", "chunk", 3, "ms", 20)
	}
}
