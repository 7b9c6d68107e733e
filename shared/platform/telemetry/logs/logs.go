// Package logs writes the log of a function: one JSON object a line, with the keys that Lambda's own JSON format has
// (timestamp, level, message) and, without any caller's doing, the service, the request and what With has put into
// the context. It needs no AWS rights: Lambda takes what is written to standard output.
//
// Secrets are masked wherever in a line they stand, message, errors and attributes alike: signatures and session tokens
// of signed URLs, bearer tokens, tokens of ours, Authorization and Cookie headers, signed playback paths. That is a net
// under the rule that secrets are not logged, and no licence to log them.
package logs

import (
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// New returns the logger of a service. Its level is AWS_LAMBDA_LOG_LEVEL, INFO if that is unset. Of a logger with
// groups the context's attributes are in the innermost.
func New(service string, w io.Writer) *slog.Logger {
	h := slog.NewJSONHandler(maskingWriter{w}, &slog.HandlerOptions{
		Level:       parseLevel(os.Getenv("AWS_LAMBDA_LOG_LEVEL")),
		ReplaceAttr: lambdacontext.ReplaceAttr,
	})
	return slog.New(contextHandler{h.WithAttrs([]slog.Attr{slog.String("service", service)})})
}

// parseLevel reads Lambda's names, two of which slog does not have.
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

// WithAttrs returns a context whose lines have attrs as well: tenant, video, trace. One that is there already is replaced;
// one without a text, or with a slog.LogValuer that has none yet, is left out.
func WithAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	stored, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	stored = slices.Clone(stored)
	for _, a := range attrs {
		stored = slices.DeleteFunc(stored, func(old slog.Attr) bool { return old.Key == a.Key })
		stored = append(stored, a)
	}
	return context.WithValue(ctx, attrsKey{}, stored)
}

// contextHandler adds what the context knows.
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

// secretPatterns are what is masked: the first group of each stays. None of them matches beyond the end of a JSON string, so
// that a masked line is JSON still.
var secretPatterns = []*regexp.Regexp{
	// In a URL, or in one that is a parameter of another.
	regexp.MustCompile(`(?i)(x-amz-(?:signature|security-token|credential)(?:=|%3d))[^&"\\\s]+`),
	// A header in text, and as a member of a JSON object, which may itself be text.
	regexp.MustCompile(`(?i)((?:(?:authorization|cookie)\s*[:=]|x-amz-security-token\s*:)\s*)[^"\\]+`),
	regexp.MustCompile(`(?i)((?:authorization|cookie|x-amz-security-token)\\*"\s*:\s*\[?\s*\\*")[^"\\]+`),
	regexp.MustCompile(`(?i)(bearer\s+)[\w.~+/=-]{8,}`),
	// A token of a tenant, see video.TokenText: the id stays.
	regexp.MustCompile(`(slc_[^_"\\\s]+_)[\w-]+`),
	// The right to watch is in the path; "public" is none.
	regexp.MustCompile(`(/p/)[^/"\\\s]{20,}`),
}

// secretMarkers tell cheaply which lines may have a secret.
var secretMarkers = []string{"amz-", "authorization", "cookie", "bearer", "slc_", "/p/"}

// maskingWriter hides secrets in what is written. The JSON handler writes each line at once, so no secret is cut in two.
type maskingWriter struct{ out io.Writer }

func (m maskingWriter) Write(line []byte) (int, error) {
	n, text := len(line), strings.ToLower(string(line))
	if slices.ContainsFunc(secretMarkers, func(h string) bool { return strings.Contains(text, h) }) {
		for _, s := range secretPatterns {
			line = s.ReplaceAll(line, []byte("${1}***"))
		}
	}
	if _, err := m.out.Write(line); err != nil {
		return 0, err
	}
	return n, nil
}
