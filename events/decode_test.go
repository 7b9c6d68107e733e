package events_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"sluice/events"
	"sluice/shared/domain/errs"
	"sluice/shared/domain/video"
)

// decodeCase is a change of an example and the beginning of the error that Decode must return; "": none.
type decodeCase struct{ name, example, old, new, at string }

func TestDecodeNamesInvalidMember(t *testing.T) {
	for _, tt := range []decodeCase{
		{"unchanged", "encode.requested.v1/full", "", "", ""},
		{"an unknown attribute", "video.ready.v1/full", `"id"`, `"futuristic":{"Deep":[1]},"id"`, ""},
		{"an unknown member", "video.ready.v1/full", `"duration"`, `"posters":[null,1e9],"duration"`, ""},
		{"a name in another case", "video.ready.v1/full", `"duration"`, `"Duration":"x","DURATION":-5,"duration"`, ""},
		{"a whole number with a decimal point", "video.processing.v1/full", `"tasks":5`, `"tasks":5.0`, ""},
		{"no content type", "video.ready.v1/full", `"datacontenttype":"application/json",`, "", ""},

		{"no JSON", "video.ready.v1/full", "{", "hello", "the message can't be read: invalid character"},
		{"no object", "video.ready.v1/full", "{", "null{", "the message can't be read: invalid character"},
		{"another version of CloudEvents", "video.ready.v1/full", `"1.0"`, `"2.0"`, "/specversion: breaks const"},
		{"no id", "video.ready.v1/full", `"id":`, `"ID":`, "the message: breaks required id"},
		{"an id that SQS does not accept", "video.ready.v1/full", `"id":"`, `"id":"ü`, "/id: breaks pattern"},
		{"no tenant", "video.ready.v1/full", `"tenant":"acme",`, "", "/tenant, /subject and /source: "},
		{"no subject", "video.ready.v1/minimal", `"subject":"` + id + `",`, "", "/tenant, /subject and /source: "},
		{
			"a fact from another source", "video.ready.v1/full", `"source":"sluice"`, `"source":"urn:acme"`,
			"/tenant, /subject and /source: ",
		},
		{
			"a producer that names tenant and subject", "upload.requested.v1/minimal", `"data":`,
			`"tenant":"acme","subject":"` + id + `","data":`, "/tenant, /subject and /source: ",
		},
		{
			"a producer that names a tenant", "upload.requested.v1/minimal", `"data":`, `"tenant":"acme","data":`,
			"/tenant, /subject and /source: ",
		},
		{
			"a request from Sluice", "upload.requested.v1/minimal", `"source":"urn:acme:archive"`, `"source":"sluice"`,
			"/tenant, /subject and /source: ",
		},
		{
			"an incomplete origin", "upload.requested.v1/minimal", `"key":"a"`, `"kee":"a"`,
			"/data/origin: it is neither",
		},
		{
			"an origin that is object and URL", "upload.requested.v1/minimal", `"key":"a"`,
			`"key":"a","url":"https://a.example"`, "/data/origin: it is either",
		},
		{
			"an origin with a file URL", "upload.requested.v1/url", `"https:`, `"file:`,
			"/data/origin/url: breaks pattern",
		},
		{
			"another video's original", "inspect.requested.v1/full", `/source"`, `1/source"`,
			"/data/key: not of this tenant and video",
		},
		{
			"metadata that is a number", "upload.requested.v1/full", `"season":"1"`, `"season":1`,
			"/data/metadata/season: breaks type",
		},
		{"a tenant with a path", "video.ready.v1/full", `"acme"`, `"../acme"`, "/tenant: breaks pattern"},
		{"a subject with a path", "video.ready.v1/full", `"subject":"`, `"subject":"../`, "/subject: breaks pattern"},
		{"no time", "video.ready.v1/full", `12:00:00Z`, `noon`, "/time: breaks format"},
		{
			"unknown type", "video.ready.v1/full", `"video.ready.v1"`, `"video.ready.v9"`,
			"/type: video.ready.v9 is not known",
		},
		{
			"the type of S3 notifications", "video.ready.v1/full", `"video.ready.v1"`, `"s3.object-created.v1"`,
			"/type: s3.object-created.v1 is not known",
		},
		{
			"another content type", "video.ready.v1/full", `application/json`, `text/plain`,
			"/datacontenttype: breaks const",
		},
		{
			"data is no object", "upload.completed.v1/minimal", `{"at":"2026-11-22T12:00:00Z"}`, `[]`,
			"/data: breaks type",
		},
		{
			"a number out of range", "video.ready.v1/full", `33.3`, `1e999`,
			"the message can't be read: json: cannot unmarshal",
		},

		{
			"a text for a number", "video.ready.v1/full", `"duration":33.36666666666667`, `"duration":"x"`,
			"/data/duration: breaks type",
		},
		{"a fraction of a frame", "video.processing.v1/full", `"tasks":5`, `"tasks":5.5`, "/data/tasks: breaks type"},
		{"a negative duration", "video.ready.v1/full", `"duration":`, `"duration":-`, "/data/duration: breaks minimum"},
		{
			"a rate over zero", "video.processing.v1/full", `"den":1001`, `"den":0`,
			"/data/media/rate/den: breaks minimum",
		},
		{
			"an unknown kind of task", "encode.requested.v1/full", `"kind":"video"`, `"kind":"both"`,
			"/data/task/kind: breaks enum",
		},
		{
			"a rendition with a path", "encode.requested.v1/full", `"480p"`, `"../480p"`,
			"/data/plan/renditions/0/name: breaks pattern",
		},
		{
			"no renditions", "media.inspected.v1/minimal", `"renditions":[`, `"renditions":[],"x":[`,
			"/data/plan/renditions: breaks minItems",
		},
		{
			"no borders", "media.inspected.v1/full", `"borders":[0,240,480,720,1000]`, `"borders":[]`,
			"/data/plan/borders: breaks minItems",
		},
		{
			"borders left out", "media.inspected.v1/full", `"borders":[`, `"Borders":[`,
			"/data/plan: breaks required borders",
		},
		{
			"a border that is a string", "media.inspected.v1/full", `[0,240,480,`, `[0,240,"x",`,
			"/data/plan/borders/2: breaks type",
		},
		{"a malformed hash", "encode.done.v1/full", initSum, "sum", "/data/result/tracks/0/init: breaks pattern"},
		{
			"an empty segment", "encode.done.v1/full", `[312410,`, `[0,`,
			"/data/result/tracks/0/segments/bytes/0: breaks minimum",
		},
		{
			"a repeated member, the last one invalid", "video.ready.v1/full", `"duration":`,
			`"duration":1,"duration":-`, "/data/duration: breaks minimum",
		},

		{
			"borders that don't ascend", "media.inspected.v1/full", `[0,240,480,`, `[0,480,240,`,
			"/data/plan: the borders",
		},
		{
			"borders inside a segment", "media.inspected.v1/full", `[0,240,480,`, `[0,241,480,`,
			"/data/plan: the borders",
		},
		{
			"a plan that does not start at 0", "media.inspected.v1/full", `[0,240,480,`, `[60,240,480,`,
			"/data/plan: the borders",
		},
		{"a task outside of its plan", "encode.requested.v1/full", `"to":480`, `"to":4800`, "/data/task: it ends"},
		{
			"a task with another segment", "encode.requested.v1/full", `"segment":5`, `"segment":6`,
			"/data/task: its first segment",
		},
		{"a task without frames", "encode.failed.v1/full", `"to":1000`, `"to":720`, "/data/task: it has no frames"},
		{"a part of the audio", "encode.requested.v1/sound", `"to":1000`, `"to":600`, "/data/task: it ends"},
		{
			"an audio task of a plan without audio", "encode.requested.v1/sound", `"audio":true`, `"audio":false`,
			"/data/task: the audio",
		},
		{
			"another tenant's source", "encode.requested.v1/full", `t/acme/`, `t/other/`,
			"/data/source/key: not of this tenant",
		},
		{"more durations than segments", "encode.done.v1/full", `[30030,1]`, `[30030,2]`, "/data: more durations"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := string(readExamples(t)[tt.example+".json"])
			if !strings.Contains(b, tt.old) {
				t.Fatalf("%s is not in %s", tt.old, b)
			}
			_, err := events.Decode([]byte(strings.Replace(b, tt.old, tt.new, 1)))
			if tt.at == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			code := "message_invalid"
			if strings.HasSuffix(tt.at, "is not known") {
				code = "type_unknown"
			}
			if want := "events.Decode: invalid: " + code + ": " +
				tt.at; err == nil || errs.KindOf(err) != errs.Invalid || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	if _, err := events.Decode([]byte(strings.Repeat(" ", events.MaxBytes) + "{}")); errs.KindOf(err) != errs.Invalid {
		t.Errorf("too large: got %v, want Invalid", err)
	}
}

func TestEncodeRejectsWhatDecodeRejects(t *testing.T) {
	for name, d := range map[string]video.Event{
		"an empty plan": video.MediaInspected{UploadedAt: noon, At: noon, ETag: "e", Media: soundMedia},
		"no segments": video.EncodeDone{
			At: noon,
			Result: video.Result{
				Task: longPlan.Tasks()[0], Tracks: []video.Track{newTrack("audio", "mp4a.40.2", 48000)},
			},
		},
		"an empty problem": video.VideoFailed{},
		"an endless video": video.VideoReady{Playback: playbackID, Duration: 1e300},
	} {
		if _, err := events.Encode(events.New(tenant, id, noon, d)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: got %v, want Invalid", name, err)
		}
	}
	for name, e := range map[string]events.Event{
		"nothing":   {},
		"no data":   {ID: "i", Type: events.VideoReady, Tenant: tenant, Video: id},
		"S3's type": {ID: "i", Type: events.ObjectCreated, Tenant: tenant, Video: id, Data: video.StoredObject{}},
	} {
		if _, err := events.Encode(e); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: got %v, want Invalid", name, err)
		}
	}
}

// FuzzDecode checks that an event that Decode accepts can be encoded again, and applied to a video in any state.
func FuzzDecode(f *testing.F) {
	for _, b := range readExamples(f) {
		f.Add(b)
	}
	rows := videosInEachState()
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := events.Decode(b)
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Fatal(err)
			}
			return
		}
		if _, err := events.Encode(e); err != nil && !strings.Contains(err.Error(), "bytes, more than") {
			t.Errorf("decoded and not encoded: %v", err)
		}
		told, ok := e.Data.(video.Event)
		if !ok { // a request, about no video
			return
		}
		for _, row := range rows {
			after, out := video.Apply(row, told)
			for _, d := range out[:min(len(out), 3)] {
				_ = events.New(after.Tenant, after.ID, noon, d)
			}
			_ = after.IsComplete()
		}
	})
}

// videosInEachState returns a video in each state.
func videosInEachState() []video.Video {
	row := video.Video{Tenant: tenant, ID: id, Playback: playbackID, State: video.Waiting, Source: sourceFile}
	rows := []video.Video{row}
	steps := []string{
		"upload.completed.v1/full", "media.inspected.v1/full", "encode.done.v1/full", "video.failed.v1/full",
		"encode.failed.v1/full",
	}
	for _, name := range steps {
		row, _ = video.Apply(row, samples[name].(video.Event))
		rows = append(rows, row)
	}
	row = rows[2]
	for _, task := range longPlan.Tasks() {
		row, _ = video.Apply(row, video.EncodeDone{At: noon, Result: video.Result{Task: task}})
	}
	half := rows[2]
	for _, task := range longPlan.Tasks()[:3] {
		half, _ = video.Apply(half, video.EncodeDone{At: noon, Result: video.Result{Task: task}})
	}
	rows = append(rows, row, half)
	for _, steps := range [][]string{{"upload.cancelled.v1/full"}, {"delete.requested.v1/full", "sweep.done.v1/full"}} {
		row = rows[0]
		for _, name := range steps {
			row, _ = video.Apply(row, samples[name].(video.Event))
			rows = append(rows, row)
		}
	}
	return rows
}

func TestVideosCoverEveryState(t *testing.T) {
	got := map[video.State]bool{}
	for _, row := range videosInEachState() {
		got[row.State] = true
	}
	want := []video.State{
		video.Cancelled, video.Deleted, video.Deleting, video.Failed, video.Playable, video.Processing, video.Ready,
		video.Uploaded, video.Waiting,
	}
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
		t.Errorf("states %v, want %v", have, want)
	}
}
