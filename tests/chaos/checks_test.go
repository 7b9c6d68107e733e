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

// uriPattern matches the URIs in a playlist: lines that are not tags, and URI attributes.
var (
	uriPattern     = regexp.MustCompile(`(?m)^[^#\n].*$|URI="[^"]*"`)
	segmentPattern = regexp.MustCompile(`(?m)^[0-9]+\.m4s$`)
)

// checkPlaylistReferences checks that everything that a playlist names exists.
func (sim *simulation) checkPlaylistReferences(key, text string) {
	for _, u := range uriPattern.FindAllString(text, -1) {
		u = strings.TrimSuffix(strings.TrimPrefix(u, `URI="`), `"`)
		if _, err := sim.media.HeadObject(context.Background(), path.Join(path.Dir(key), u)); err != nil {
			sim.recordProblem("%s was written and names %s, which does not exist", key, u)
		}
	}
}

// checkPlaylistUpdate checks a playlist against its previous version. A master playlist keeps the number of its URIs
// unless it is closed. A media playlist only grows, does not change after its end, and numbers its segments from 1.
func (sim *simulation) checkPlaylistUpdate(key, before, text string) {
	if path.Base(key) == media.MasterName {
		if before == media.EmptyMasterPlaylist || before != "" && text != media.EmptyMasterPlaylist &&
			len(uriPattern.FindAllString(before, -1)) != len(uriPattern.FindAllString(text, -1)) {
			sim.recordProblem("%s: after\n%s\ncomes\n%s", key, before, text)
		}
		return
	}
	if !strings.HasPrefix(text, before) || strings.HasSuffix(before, media.EndTag) {
		sim.recordProblem("%s: after\n%s\ncomes\n%s", key, before, text)
	}
	for i, name := range segmentPattern.FindAllString(text, -1) {
		if name != media.SegmentName(i+1) {
			sim.recordProblem("%s: segment %d is %s", key, i+1, name)
		}
	}
}

// readObject returns an object of the media bucket, "" if there is none.
func (sim *simulation) readObject(key string) string {
	body, _, err := sim.media.GetObject(context.Background(), key)
	if err != nil {
		return ""
	}
	b, _ := io.ReadAll(body)
	return string(b)
}

// checkPlayableRow checks that a playable or ready video has an open master playlist, and that each rendition lists at
// least the frames that the row says.
func (sim *simulation) checkPlayableRow(v video.Video) {
	prefix := playback.ObjectPrefix(v.Playback)
	master := sim.readObject(prefix + media.MasterName)
	if master == "" || master == media.EmptyMasterPlaylist {
		sim.recordProblem("%s is %s without a master playlist", v.ID, v.State)
	}
	for _, u := range uriPattern.FindAllString(master, -1) {
		text := sim.readObject(prefix + strings.TrimSuffix(strings.TrimPrefix(u, `URI="`), `"`))
		if n := len(segmentPattern.FindAllString(text, -1)); n*v.Plan.SegmentFrames < v.ListedFrames ||
			v.State == video.Ready && !strings.HasSuffix(text, media.EndTag) {
			sim.recordProblem("%s is %s with %d frames, and %s lists %d segments", v.ID, v.State, v.ListedFrames, u, n)
		}
	}
}

// checkFailedVideo checks that the playlists of a failed video are closed: a new player gets an empty master playlist,
// and a running player gets the end. It reports whether the video was playable before.
func (sim *simulation) checkFailedVideo(c *uploadClient) bool {
	v, err := sim.store.LoadVideo(context.Background(), c.tenant, c.video)
	if err != nil || v.State != video.Failed {
		sim.recordProblem("%s, %v", v.State, err)
	}
	for _, key := range sim.media.ListKeys(playback.ObjectPrefix(v.Playback)) {
		if text := sim.readObject(key); path.Ext(key) == ".m3u8" && text != media.EmptyMasterPlaylist &&
			!strings.HasSuffix(text, media.EndTag) {
			sim.recordProblem("%s has failed, and %s is not closed:\n%s", v.ID, key, text)
		}
	}
	return !v.Times.Playable.IsZero()
}

// captureState returns all rows, objects and events. Ids, times and versions, which differ between runs, are replaced
// by fixed names.
func (sim *simulation) captureState() map[string]string {
	all := map[string]string{}
	var ids []string
	for _, c := range sim.clients {
		ids = append(ids, sim.captureRows(c, all)...)
	}
	named := strings.NewReplacer(ids...)
	for name, b := range map[string]*blob.Memory{"original": sim.source, "object": sim.media} {
		for _, key := range b.ListKeys("") {
			info, err := b.HeadObject(context.Background(), key)
			info.At = time.Time{}
			all[name+" "+named.Replace(key)] = fmt.Sprint(info, err)
		}
	}
	for _, c := range sim.clients {
		l, err := sim.store.LoadInFlightLimit(context.Background(), c.tenant, video.Interactive)
		all["in flight of "+c.tenant] = fmt.Sprint(l.CountInFlight(), l.PendingPositions(), err)
	}
	for id, e := range sim.topicEvents {
		all["fact "+named.Replace(id)] = named.Replace(e.data)
	}
	for k, v := range all {
		all[k] = named.Replace(v)
	}
	return all
}

// captureRows adds a client's rows to all. It returns pairs of an id and its fixed name.
func (sim *simulation) captureRows(c *uploadClient, all map[string]string) []string {
	ctx := context.Background()
	if !c.completed {
		sim.recordProblem("client %d has no 2xx response", c.number)
	}
	v, err := sim.store.LoadVideo(ctx, c.tenant, c.video)
	if err != nil {
		sim.recordProblem("client %d: %v", c.number, err)
	}
	u, err := sim.store.LoadUpload(ctx, c.tenant, c.upload)
	if err != nil {
		sim.recordProblem("client %d: %v", c.number, err)
	}
	results, err := sim.store.ListTaskResults(ctx, c.tenant, c.video)
	if err != nil {
		sim.recordProblem("client %d: %v", c.number, err)
	}
	ids := []string{
		v.ID, fmt.Sprint("VIDEO", c.number), v.Playback, fmt.Sprint("PLAYBACK", c.number), u.ID,
		fmt.Sprint("UPLOAD", c.number),
	}
	v.Version, v.Deadline, u.MultipartID, u.Created = 0, video.Deadline{}, "", time.Time{}
	for _, t := range []*time.Time{
		&v.Times.Created, &v.Times.Uploaded, &v.Times.Inspected, &v.Times.EncodeStarted, &v.Times.Playable,
		&v.Times.Encoded, &v.Times.Ready, &v.Times.Failed, &v.Times.Deleted,
	} {
		if !t.IsZero() {
			*t = time.Unix(0, 0).UTC()
		}
	}
	done := slices.Sorted(maps.Keys(v.Done))
	v.Done = nil
	for name, row := range map[string]any{"video": v, "done": done, "upload": u, "results": results} {
		b, err := json.Marshal(row)
		if err != nil {
			sim.recordProblem("%s: %v", name, err)
		}
		all[fmt.Sprintf("%s of client %d", name, c.number)] = string(b)
	}
	return ids
}

// checkDeletedVideo checks that only the row of a deleted video is left.
func (sim *simulation) checkDeletedVideo(c *uploadClient) {
	ctx := context.Background()
	v, err := sim.store.LoadVideo(ctx, c.tenant, c.video)
	results, rerr := sim.store.ListTaskResults(ctx, c.tenant, c.video)
	if err != nil || rerr != nil || v.State != video.Deleted || len(v.Done) > 0 || len(results) > 0 {
		sim.recordProblem(
			"deleted: %s, %d results, %d tasks done, %v %v", v.State, len(results), len(v.Done), err, rerr,
		)
	}
	left := append(
		sim.media.ListKeys(playback.ObjectPrefix(v.Playback)), sim.source.ListKeys("t/"+c.tenant+"/"+c.video)...,
	)
	if len(left) > 0 {
		sim.recordProblem("deleted, but these objects are left: %v", left)
	}
}

// reportProblems fails the test for each problem and logs the last steps.
func (sim *simulation) reportProblems() {
	sim.t.Helper()
	for _, p := range sim.problems {
		sim.t.Errorf("seed %d: %s", sim.seed, p)
	}
	if sim.t.Failed() {
		sim.t.Logf("the last steps:\n%s", strings.Join(sim.log[max(0, len(sim.log)-400):], "\n"))
	}
}
