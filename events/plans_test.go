package events_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"sluice/events"
	"sluice/shared/domain/fileformat"
	"sluice/shared/domain/media"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/video"
)

// Every plan of a video that inspection accepts satisfies the schemas.
func TestEveryPlanCanBeEncoded(t *testing.T) {
	rates := []string{"1/1", "15/2", "25/1", "24000/1001", "60000/1001", "240/1"}
	codecs := append(media.AudioCodecs(), "")
	rapid.Check(t, func(t *rapid.T) {
		rate, err := media.ChooseGridRate(rapid.SampledFrom(rates).Draw(t, "rate"), "0/0")
		if err != nil {
			t.Fatal(err)
		}
		m := video.Media{
			Container: rapid.SampledFrom([]string{
				fileformat.Mov, fileformat.Matroska, fileformat.MPEGTS, fileformat.AVI, fileformat.FLV,
			}).Draw(t, "container"),
			VideoCodec: rapid.SampledFrom(media.VideoCodecs()).Draw(t, "video codec"),
			AudioCodec: rapid.SampledFrom(codecs).Draw(t, "audio codec"),
			Width:      rapid.IntRange(16, 16384).Draw(t, "width"), Height: rapid.IntRange(16, 16384).Draw(t, "height"),
			Rate: rate, Frames: rapid.IntRange(1, int(2*60*60*rate.Float())).Draw(t, "frames"),
			Start:    rapid.Int64Range(-1<<40, 1<<40).Draw(t, "start"),
			TimeBase: video.Rate{Num: 1, Den: rapid.IntRange(1, 1_000_000_000).Draw(t, "ticks")},
		}
		m.Duration = rate.Seconds(m.Frames)
		watch, err := playback.NewID(rand.NewChaCha8([32]byte{}))
		if err != nil {
			t.Fatal(err)
		}
		row := video.Video{Tenant: tenant, ID: id, Playback: watch, Source: unnamedSource, State: video.Uploaded}
		plan := media.NewIndexedPlan(m, media.Indexed{Audio: rapid.Bool().Draw(t, "audio in chunks")})
		said := video.MediaInspected{UploadedAt: noon, At: noon, ETag: etag, Media: m, Plan: plan}
		_, out := video.Apply(row, said)
		for _, d := range append(out[:min(len(out), 4)], out[len(out)-1], said) {
			if _, err := events.Encode(events.New(tenant, id, noon, d)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
