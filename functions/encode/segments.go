package encode

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
	"sluice/shared/platform/blob"
	"sluice/shared/platform/ffmpeg"
	"sluice/shared/platform/source"
)

// makeSegments runs ffmpeg once and cuts its output files into segments. preroll is how many seconds before the chunk
// decoding begins.
func (n Encoder) makeSegments(
	ctx context.Context, d video.EncodeRequested, src source.File, preroll float64,
) ([]media.RenditionOutput, error) {
	out := func(rendition string) string { return filepath.Join(src.Dir, rendition+".mp4") }
	args, names := media.AudioArgs(d.Plan, d.Media, out), []string{media.AudioRendition}
	if d.Task.Kind == video.VideoTask {
		args, names = media.VideoArgs(d.Plan, d.Media, d.Task, preroll, out), d.Plan.RenditionNames()
	}
	if err := n.runTool(ctx, d, src, args); err != nil {
		return nil, err
	}
	var made []media.RenditionOutput
	for _, name := range names {
		b, err := os.ReadFile(out(name))
		if err != nil {
			return nil, errs.E("encode.makeSegments", errs.Transient, err)
		}
		piece, err := media.CutSegments(d.Plan, d.Task, name, b)
		if err != nil {
			return nil, err
		}
		made = append(made, piece)
	}
	return made, nil
}

// addAudio adds the audio of a video task to the renditions that it has made, if the plan has it there.
func (n Encoder) addAudio(
	ctx context.Context, d video.EncodeRequested, src source.File, in media.AudioInput, made []media.RenditionOutput,
) ([]media.RenditionOutput, error) {
	if !d.Plan.AudioInChunks {
		return made, nil
	}
	out := filepath.Join(src.Dir, media.AudioRendition+".mp4")
	args := media.AudioChunkArgs(d.Plan, d.Media, d.Task, in, func(string) string { return out })
	if err := n.runTool(ctx, d, src, args); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, errs.E("encode.addAudio", errs.Transient, err)
	}
	piece, err := media.CutAudioSegments(d.Plan, d.Task, b)
	return append(made, piece), err
}

// runTool runs ffmpeg. It decodes the codecs that inspection has found: what else there is in the file is ignored.
func (n Encoder) runTool(ctx context.Context, d video.EncodeRequested, src source.File, args media.Args) error {
	codecs := []string{d.Media.VideoCodec}
	if d.Media.AudioCodec != "" {
		codecs = append(codecs, d.Media.AudioCodec)
	}
	return n.Tools.Run(ctx, ffmpeg.Command{
		Dir: src.Dir, File: src.Name, Container: src.Container, Codecs: codecs, Input: args.Input, Output: args.Output,
	})
}

// storeSegments writes the segments and returns their properties. Only the task with a rendition's first segment writes
// its init segment; that all tasks have the same one is checked by the hash in the result when the playlist is built.
func (n Encoder) storeSegments(
	ctx context.Context, d video.EncodeRequested, made []media.RenditionOutput,
) (video.Result, error) {
	r := video.Result{Task: d.Task}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	put := func(name string, body []byte) {
		g.Go(func() error {
			return n.Media.PutObject(ctx, playback.ObjectPrefix(d.Playback)+name, bytes.NewReader(body),
				blob.Metadata{ContentType: "video/mp4", CacheControl: cacheForever})
		})
	}
	for _, p := range made {
		r.Frames = max(r.Frames, p.Frames)
		r.Tracks = append(r.Tracks, p.Track)
		if d.Task.Segment == 1 {
			put(p.Track.Name+"/init.mp4", p.Init)
		}
		for i, body := range p.Segments {
			put(p.Track.Name+"/"+media.SegmentName(d.Task.Segment+i), body)
		}
	}
	return r, g.Wait()
}
