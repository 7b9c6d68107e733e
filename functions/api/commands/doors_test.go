package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/events"
	"sluice/functions/api/commands"
	"sluice/functions/api/ingest"
	"sluice/shared/domain/access"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/tests/apitest"
	"sluice/tests/rowpolicy"
)

// Senders of messages. Each but the last may send all commands for its tenant.
const (
	acmeSender   = "AROAACME00000000000"
	rivalSender  = "AROARIVAL0000000000"
	createSender = "AROACREATE000000000" // only create, for acme
)

// fixture is the API with a video of acme, and the handler of producers' messages over the same rows.
type fixture struct {
	*apitest.Fixture
	messages commands.MessageHandler
	video    string
	sent     []events.Event // that followed from messages
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	fx := &fixture{Fixture: apitest.New(t)}
	fx.video = fx.CreateUploadAt(t, apitest.Acme, 0, "")
	rows := rowpolicy.LimitStore(t, fx.Store, "api")
	fx.messages = commands.MessageHandler{
		Runner: commands.Runner{Videos: rows, Multipart: fx.Bucket}, Producers: rows, Idempotency: rows,
		Create: ingest.ProducerHandler{
			Creator: fx.VideoCreator.(ingest.VideoCreator), Producers: rows, TraceHeader: fx.TraceHeader,
			AnnotateVideo: fx.AnnotateVideo,
		}.Handle,
		Now: func() time.Time { return fx.Now() }, AnnotateVideo: func(context.Context, string, string) {},
	}
	for _, p := range []access.Producer{
		{Sender: acmeSender, Tenant: "acme", Commands: services.ListProducerCommands()},
		{Sender: rivalSender, Tenant: "rival", Commands: services.ListProducerCommands()},
		{Sender: createSender, Tenant: "acme"},
	} {
		p.Bucket, p.ID = "masters", access.ProducerID(p.Sender, "masters", "")
		if err := fx.Store.CreateProducer(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return fx
}

// sendMessage handles a producer's message, as the queue delivers it, and returns the code of its error.
func (fx *fixture) sendMessage(t *testing.T, sender, id, typ, data string) errs.Code {
	t.Helper()
	e, err := events.Decode(fmt.Appendf(nil, `{"specversion": "1.0", "type": %q, "source": "urn:acme", "id": %q,
		"time": "2026-11-22T12:00:00Z", "data": %s}`, typ, id, strings.ReplaceAll(data, "{id}", fx.video)))
	if err != nil {
		return errs.ProblemOf(err).Code
	}
	e.Sender = sender + ":session"
	out, err := fx.messages.Handle(t.Context(), e)
	fx.sent = append(fx.sent, out...)
	if err == nil {
		return ""
	}
	code := errs.ProblemOf(err).Code
	fx.requireRejection(t, e, err, code)
	return code
}

// requireRejection reports an error unless the tenant of the message's sender is told of the error with its code.
func (fx *fixture) requireRejection(t *testing.T, e events.Event, err error, code errs.Code) {
	t.Helper()
	out := fx.messages.OnExhausted(e, err)
	tenant := map[string]string{acmeSender: "acme", createSender: "acme", rivalSender: "rival"}[access.ParsePrincipal(
		e.Sender)]
	if tenant == "" {
		if len(out) > 0 {
			t.Errorf("a sender without a tenant leads to %v", out)
		}
		return
	}
	if len(out) != 1 {
		t.Fatalf("%s leads to %v", code, out)
	}
	if d, ok := out[0].Data.(video.CommandRejected); !ok || d.Problem.Code != code || d.Command != string(e.Type) ||
		d.ID != e.ID || d.Source != e.Source || out[0].Tenant != tenant || out[0].Correlation != e.ID {
		t.Errorf("%s of %s leads to %+v", code, tenant, out)
	}
	if _, err := events.Encode(out[0]); err != nil {
		t.Error(err)
	}
}

// sendRequest sends a client's request and returns the code of its error.
func (fx *fixture) sendRequest(t *testing.T, c apitest.Caller, key string, r services.Route, body string) errs.Code {
	t.Helper()
	e := c.NewEvent(r.Method, strings.Replace(r.Path, "{id}", fx.video, 1), body)
	if r.Method == "POST" {
		e.Headers = map[string]string{"idempotency-key": key}
	}
	return errs.Code(fx.SendEvent(t, e).Field("code"))
}

// describeOutcome returns the videos of both tenants and the events that were sent, each once, as JSON in which no id
// is that of one door.
func (fx *fixture) describeOutcome(t *testing.T) []string {
	t.Helper()
	var all []string
	ids := []string{}
	for _, tenant := range []string{"acme", "rival"} {
		page, _, err := fx.Store.ListVideos(t.Context(), tenant, video.Filter{}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for i, listed := range page {
			v, err := fx.Store.LoadVideo(t.Context(), tenant, listed.ID)
			if err != nil {
				t.Fatal(err)
			}
			v.Correlation = "" // the id of a producer's message
			ids = append(ids, v.ID, fmt.Sprint(tenant, i), v.Playback, "playback")
			if v.Fetch != nil {
				ids = append(ids, v.Fetch.MultipartID, "multipart")
			}
			all = append(all, formatJSON(t, v))
		}
	}
	seen := map[string]bool{}
	for _, e := range slices.Concat(fx.Outbox.Events, fx.sent) {
		if _, err := events.Encode(e); err != nil {
			t.Error(err)
		}
		if e.Correlation = ""; !seen[e.ID] {
			all = append(all, formatJSON(t, e))
		}
		seen[e.ID] = true
	}
	for i := range all {
		all[i] = strings.NewReplacer(ids...).Replace(all[i])
	}
	return all
}

func formatJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// twoForms is one command as the body of a request and as the data of a message.
type twoForms struct{ body, data string }

// inputs are a valid and an invalid form of each command, and the code of the latter; none if no form is invalid.
var inputs = map[string]struct {
	valid, invalid twoForms
	code           errs.Code
}{
	"create": {
		valid: twoForms{
			`{"url": "https://example.com/a.mp4", "title": " T ", "metadata": {"a": "1"}}`,
			`{"origin": {"url": "https://example.com/a.mp4"}, "title": " T ", "metadata": {"a": "1"}}`,
		},
		invalid: twoForms{
			`{"url": "https://example.com/a.mp4", "title": "a\nb"}`,
			`{"origin": {"url": "https://example.com/a.mp4"}, "title": "a\nb"}`,
		},
		code: "title_invalid",
	},
	"describe": {
		valid: twoForms{
			`{"title": " New ", "metadata": {"a": "1"}}`,
			`{"video_id": "{id}", "title": " New ", "metadata": {"a": "1"}}`,
		},
		invalid: twoForms{`{"metadata": {"a/b": ""}}`, `{"video_id": "{id}", "metadata": {"a/b": ""}}`},
		code:    "metadata_key_invalid",
	},
	"unpublish": {valid: twoForms{"", `{"video_id": "{id}"}`}},
	"publish":   {valid: twoForms{"", `{"video_id": "{id}"}`}},
	"delete":    {valid: twoForms{"", `{"video_id": "{id}"}`}},
}

// doorCases are tried by both doors with each command.
var doorCases = []struct {
	name            string
	caller          apitest.Caller // of the requests
	sender          string         // of the messages
	times           int            // how often it is sent, with the same key or id
	prepare         func(t *testing.T, fx *fixture)
	byHTTP, byQueue errs.Code
	aboutVideo      bool // not for commands that create a video
}{
	{name: "carried out", caller: apitest.Acme, sender: acmeSender, times: 1},
	{name: "sent twice", caller: apitest.Acme, sender: acmeSender, times: 2},
	{
		name: "another tenant's video", caller: apitest.Rival, sender: rivalSender, times: 1, byHTTP: "video_not_found",
		byQueue: "video_not_found", aboutVideo: true,
	},
	{
		name: "unknown video", caller: apitest.Acme, sender: acmeSender, times: 1,
		prepare: func(_ *testing.T, fx *fixture) { fx.video = "vid_01KANV8F7T9GQ2Z5W3X1Y0B4CD" },
		byHTTP:  "video_not_found", byQueue: "video_not_found", aboutVideo: true,
	},
	{
		name: "deleted video", caller: apitest.Acme, sender: acmeSender, times: 1,
		prepare: func(t *testing.T, fx *fixture) {
			fx.ApplyEvents(t, "acme", fx.video, video.DeleteRequested{At: apitest.Noon}, video.PurgeDone{Round: 2})
		},
		byHTTP: "video_not_found", byQueue: "video_not_found", aboutVideo: true,
	},
	{
		name: "no right", caller: apitest.Reader, sender: "AROANOBODY000000000", times: 1, byHTTP: "scope_missing",
		byQueue: "sender_unknown",
	},
	{
		name: "no right to the command", caller: apitest.Reader, sender: createSender, times: 1,
		byHTTP: "scope_missing", byQueue: "command_forbidden", aboutVideo: true,
	},
}

// TestCommandsHaveTwoDoors does each command of the map by its route and by its message. Rows and events are the same,
// and so are the codes of errors, but for those of the sender.
func TestCommandsHaveTwoDoors(t *testing.T) {
	t.Parallel()
	for _, c := range services.ListCommands() {
		if c.Type == "" {
			continue
		}
		in, ok := inputs[c.Name]
		if !ok {
			t.Fatalf("%s has no row in this test", c.Name)
		}
		for _, tt := range doorCases {
			if tt.aboutVideo && c.Name == access.CommandCreate {
				continue
			}
			t.Run(c.Name+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				byHTTP, byQueue := newFixture(t), newFixture(t)
				for i := range tt.times {
					for _, fx := range []*fixture{byHTTP, byQueue} {
						fx.Now = func() time.Time { return apitest.Noon.Add(time.Duration(i) * time.Second) }
						if tt.prepare != nil {
							tt.prepare(t, fx)
						}
					}
					requireCodes(t, tt.byHTTP, byHTTP.sendRequest(t, tt.caller, "k", c.Route, in.valid.body),
						tt.byQueue, byQueue.sendMessage(t, tt.sender, "k", c.Type, in.valid.data))
				}
				if d := cmp.Diff(byHTTP.describeOutcome(t), byQueue.describeOutcome(t)); d != "" {
					t.Errorf("-by HTTP +by message:\n%s", d)
				}
			})
		}
		if in.code == "" {
			continue
		}
		t.Run(c.Name+", invalid", func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			before := fx.describeOutcome(t)
			requireCodes(t, in.code, fx.sendRequest(t, apitest.Acme, "k", c.Route, in.invalid.body),
				in.code, fx.sendMessage(t, acmeSender, "k", c.Type, in.invalid.data))
			if d := cmp.Diff(before, fx.describeOutcome(t)); d != "" {
				t.Error(d)
			}
		})
	}
}

// requireCodes reports an error unless the codes of a request and of a message are the wanted ones.
func requireCodes(t *testing.T, wantHTTP, byHTTP, wantQueue, byQueue errs.Code) {
	t.Helper()
	if byHTTP != wantHTTP || byQueue != wantQueue {
		t.Errorf("codes %q and %q, want %q and %q", byHTTP, byQueue, wantHTTP, wantQueue)
	}
}
