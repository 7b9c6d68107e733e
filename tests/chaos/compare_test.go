package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
)

// uri are the names in a playlist: lines that are no tags, and attributes.
var (
	uri     = regexp.MustCompile(`(?m)^[^#\n].*$|URI="[^"]*"`)
	segment = regexp.MustCompile(`(?m)^[0-9]+\.m4s$`)
)

// names holds a playlist to naming only what is there.
func (w *world) names(key, text string) {
	for _, u := range uri.FindAllString(text, -1) {
		u = strings.TrimSuffix(strings.TrimPrefix(u, `URI="`), `"`)
		if _, err := w.media.Head(context.Background(), path.Join(path.Dir(key), u)); err != nil {
			w.wrong("%s is written, and what it names is not: %s", key, u)
		}
	}
}

// follows holds a playlist to what it was before: a master names what it named, unless it is closed for ever; another is
// added to and no more, and after its end nothing is; and its segments are those from the first on.
func (w *world) follows(key, before, text string) {
	if path.Base(key) == media.MasterName {
		if before == media.Closed || before != "" && text != media.Closed && len(uri.FindAllString(before, -1)) != len(uri.FindAllString(text, -1)) {
			w.wrong("%s: after\n%s\ncomes\n%s", key, before, text)
		}
		return
	}
	if !strings.HasPrefix(text, before) || strings.HasSuffix(before, media.End) {
		w.wrong("%s: after\n%s\ncomes\n%s", key, before, text)
	}
	for i, name := range segment.FindAllString(text, -1) {
		if name != media.SegmentName(i+1) {
			w.wrong("%s: segment %d is %s", key, i+1, name)
		}
	}
}

// read returns an object, "" if there is none.
func (w *world) read(key string) string {
	body, _, err := w.media.Get(context.Background(), key)
	if err != nil {
		return ""
	}
	b, _ := io.ReadAll(body)
	return string(b)
}

// playable holds a row that says so, or ready, to having its master; and to listing no less than it says in each
// rendition.
func (w *world) playable(v video.Video) {
	prefix := playback.Prefix(v.Playback)
	master := w.read(prefix + media.MasterName)
	if master == "" || master == media.Closed {
		w.wrong("%s is %s without a master playlist", v.ID, v.State)
	}
	for _, u := range uri.FindAllString(master, -1) {
		text := w.read(prefix + strings.TrimSuffix(strings.TrimPrefix(u, `URI="`), `"`))
		if n := len(segment.FindAllString(text, -1)); n*v.Plan.SegmentFrames < v.Shown || v.State == video.Ready && !strings.HasSuffix(text, media.End) {
			w.wrong("%s is %s with %d frames, and %s lists %d segments", v.ID, v.State, v.Shown, u, n)
		}
	}
}

// closed reports whether a client's video has failed after it was playable. What has failed nobody can begin, and who
// watches it comes to an end.
func (w *world) closed(c *client) bool {
	v, err := w.rows.Video(context.Background(), c.tenant, c.video)
	if err != nil || v.State != video.Failed {
		w.wrong("%s, %v", v.State, err)
	}
	for _, key := range w.media.Keys(playback.Prefix(v.Playback)) {
		if text := w.read(key); path.Ext(key) == ".m3u8" && text != media.Closed && !strings.HasSuffix(text, media.End) {
			w.wrong("%s has failed, and %s is open:\n%s", v.ID, key, text)
		}
	}
	return !v.Times.Playable.IsZero()
}

// state returns all that a world has become, with one name for what has another in each: ids, moments, versions.
func (w *world) state() map[string]string {
	all := map[string]string{}
	var ids []string
	for _, c := range w.clients {
		ids = append(ids, w.rowsOf(c, all)...)
	}
	named := strings.NewReplacer(ids...)
	for name, b := range map[string]*blob.Memory{"original": w.source, "object": w.media} {
		for _, key := range b.Keys("") {
			info, err := b.Head(context.Background(), key)
			info.At = time.Time{}
			all[name+" "+named.Replace(key)] = fmt.Sprint(info, err)
		}
	}
	for _, c := range w.clients {
		v, err := w.rows.Window(context.Background(), c.tenant, video.Interactive)
		all["in flight of "+c.tenant] = fmt.Sprint(v.InFlight(), v.Line(), err)
	}
	for id, f := range w.facts {
		all["fact "+named.Replace(id)] = named.Replace(f.data)
	}
	for k, v := range all {
		all[k] = named.Replace(v)
	}
	return all
}

// rowsOf adds a client's rows to all and returns its ids, each with its name.
func (w *world) rowsOf(c *client, all map[string]string) []string {
	ctx := context.Background()
	if !c.completed {
		w.wrong("client %d has no 2xx", c.number)
	}
	v, err := w.rows.Video(ctx, c.tenant, c.video)
	if err != nil {
		w.wrong("client %d: %v", c.number, err)
	}
	u, err := w.rows.Upload(ctx, c.tenant, c.upload)
	if err != nil {
		w.wrong("client %d: %v", c.number, err)
	}
	results, err := w.rows.Results(ctx, c.tenant, c.video)
	if err != nil {
		w.wrong("client %d: %v", c.number, err)
	}
	ids := []string{v.ID, fmt.Sprint("VIDEO", c.number), v.Playback, fmt.Sprint("PLAYBACK", c.number), u.ID, fmt.Sprint("UPLOAD", c.number)}
	v.Version, v.Watch, u.Multipart, u.Created = 0, video.Watch{}, "", time.Time{}
	for _, t := range []*time.Time{&v.Times.Created, &v.Times.Uploaded, &v.Times.Inspected, &v.Times.Begun, &v.Times.Playable, &v.Times.Encoded, &v.Times.Ready, &v.Times.Failed, &v.Times.Deleted} {
		if !t.IsZero() {
			*t = time.Unix(0, 0).UTC()
		}
	}
	done := slices.Sorted(maps.Keys(v.Done))
	v.Done = nil
	for name, row := range map[string]any{"video": v, "done": done, "upload": u, "results": results} {
		b, err := json.Marshal(row)
		if err != nil {
			w.wrong("%s: %v", name, err)
		}
		all[fmt.Sprintf("%s of client %d", name, c.number)] = string(b)
	}
	return ids
}

// erased holds a deleted video to having left nothing but its row.
func (w *world) erased(c *client) {
	ctx := context.Background()
	v, err := w.rows.Video(ctx, c.tenant, c.video)
	results, rerr := w.rows.Results(ctx, c.tenant, c.video)
	if err != nil || rerr != nil || v.State != video.Deleted || len(v.Done) > 0 || len(results) > 0 {
		w.wrong("deleted: %s, %d results, %d tasks done, %v %v", v.State, len(results), len(v.Done), err, rerr)
	}
	left := append(w.media.Keys(playback.Prefix(v.Playback)), w.source.Keys("t/"+c.tenant+"/"+c.video)...)
	if len(left) > 0 {
		w.wrong("deleted, and left are %v", left)
	}
}

// report fails the test for what must not be, and says how it came to that.
func (w *world) report() {
	w.t.Helper()
	for _, p := range w.problems {
		w.t.Errorf("seed %d: %s", w.seed, p)
	}
	if w.t.Failed() {
		w.t.Logf("the last steps:\n%s", strings.Join(w.log[max(0, len(w.log)-400):], "\n"))
	}
}
