// Package logs writes a function's log to standard output: one JSON object a line, with the keys of Lambda's own JSON
// format (timestamp, level, message), the service, the request id, and the attributes that WithAttrs has added to the
// context. It needs no AWS rights.
//
// Secrets are masked in every part of a line: signatures and session tokens of signed URLs, bearer tokens, Sluice's
// tokens, Authorization and Cookie headers, and signed playback paths. This is a second line of defence: secrets are
// not to be logged at all.
package logs

import (
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// New returns the logger of a service. Its level is AWS_LAMBDA_LOG_LEVEL, INFO if that is unset. In a logger with
// groups, the attributes of the context are in the innermost group.
func New(service string, w io.Writer) *slog.Logger {
	h := slog.NewJSONHandler(maskingWriter{w}, &slog.HandlerOptions{
		Level:       parseLevel(os.Getenv("AWS_LAMBDA_LOG_LEVEL")),
		ReplaceAttr: lambdacontext.ReplaceAttr,
	})
	return slog.New(contextHandler{h.WithAttrs([]slog.Attr{slog.String("service", service)})})
}

// parseLevel returns the level with one of Lambda's names, two of which slog does not have; LevelInfo for any other
// text.
func parseLevel(name string) slog.Level {
	var l slog.Level
	switch err := l.UnmarshalText([]byte(name)); {
	case name == "TRACE":
		return slog.LevelDebug
	case name == "FATAL":
		return slog.LevelError
	case err != nil:
		return slog.LevelInfo
	}
	return l
}

type attrsKey struct{}

// WithAttrs returns a context whose log lines have attrs: tenant, video, trace. They replace attributes with the same
// key. A line has no attribute whose value is "" when the line is written, which a slog.LogValuer may decide.
func WithAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	stored, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	stored = slices.Clone(stored)
	for _, a := range attrs {
		stored = slices.DeleteFunc(stored, func(old slog.Attr) bool { return old.Key == a.Key })
		stored = append(stored, a)
	}
	return context.WithValue(ctx, attrsKey{}, stored)
}

// contextHandler adds the request id and the attributes of the context.
type contextHandler struct{ slog.Handler }

func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	r = r.Clone()
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("request_id", lc.AwsRequestID))
	}
	stored, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	for _, a := range stored {
		if v := a.Value.Resolve(); v.Kind() != slog.KindString || v.String() != "" {
			r.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs)}
}
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name)}
}

// secretPatterns match what is masked; the first group of each is kept. None of them matches beyond the end of a JSON
// string, so that a masked line is still JSON.
var secretPatterns = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		// Parameters of a URL, also of a URL that is itself a parameter of another one.
		regexp.MustCompile(`(?i)(x-amz-(?:signature|security-token|credential)(?:=|%3d))[^&"\\\s]+`),
		// Headers in text, and as members of a JSON object, which may itself be in a string.
		regexp.MustCompile(`(?i)((?:(?:authorization|cookie)\s*[:=]|x-amz-security-token\s*:)\s*)[^"\\]+`),
		regexp.MustCompile(`(?i)((?:authorization|cookie|x-amz-security-token)\\*"\s*:\s*\[?\s*\\*")[^"\\]+`),
		regexp.MustCompile(`(?i)(bearer\s+)[\w.~+/=-]{8,}`),
		// Tokens of tenants; the id in them is kept.
		regexp.MustCompile(`(slc_[^_"\\\s]+_)[\w-]+`),
		// Signed playback paths. The segment "public" is no signature.
		regexp.MustCompile(`(/p/)[^/"\\\s]{20,}`),
	}
})

// secretMarkers are texts of which every line with a secret contains one, in lower case: other lines are not searched.
var secretMarkers = []string{"amz-", "authorization", "cookie", "bearer", "slc_", "/p/"}

// maskingWriter masks secrets. The JSON handler writes each line with one call, so that no secret is split.
type maskingWriter struct{ out io.Writer }

func (m maskingWriter) Write(line []byte) (int, error) {
	n, text := len(line), strings.ToLower(string(line))
	if slices.ContainsFunc(secretMarkers, func(h string) bool { return strings.Contains(text, h) }) {
		for _, s := range secretPatterns() {
			line = s.ReplaceAll(line, []byte("${1}***"))
		}
	}
	if _, err := m.out.Write(line); err != nil {
		return 0, err
	}
	return n, nil
}
