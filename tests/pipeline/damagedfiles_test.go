package pipeline_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sluice/shared/domain/video"
)

// truncateBox returns a function that cuts a file after a part (0 to 1) of its top-level box with this name.
func truncateBox(name string, part float64) func(*testing.T, []byte) []byte {
	return func(t *testing.T, file []byte) []byte {
		t.Helper()
		at, size := findBox(t, file, name)
		return file[:at+int(float64(size)*part)]
	}
}

// findBox returns the offset and size of a top-level box.
func findBox(t *testing.T, file []byte, name string) (at, size int) {
	t.Helper()
	for at < len(file) {
		size = int(binary.BigEndian.Uint32(file[at:]))
		if string(file[at+4:at+8]) == name {
			return at, size
		}
		at += size
	}
	t.Fatalf("no box %s", name)
	return 0, 0
}

func replaceWith(text string) func(*testing.T, []byte) []byte {
	return func(*testing.T, []byte) []byte { return []byte(text) }
}

func appendText(text string) func(*testing.T, []byte) []byte {
	return func(_ *testing.T, file []byte) []byte { return append(slices.Clone(file), text...) }
}

// An incomplete video is not published, unless its container does not have the length.
func TestDamagedFilesFailWithCode(t *testing.T) {
	dir := findRealTools(t)
	args := videoAndAudioInput("192x108", "25", 6)
	sources := map[string][]byte{
		"mp4": testFile{file: "a.mp4", args: args + h264 + aac + "-movflags +faststart"}.encodeFile(t, dir),
		"frag": testFile{
			file: "a.mp4", args: args + h264 + aac + "-movflags +frag_keyframe+empty_moov",
		}.encodeFile(t, dir),
		"mkv": testFile{file: "a.mkv", args: args + h264 + aac}.encodeFile(t, dir),
		"avi": testFile{file: "a.avi", args: args + "-c:v mpeg4" + mp3}.encodeFile(t, dir),
		"ts":  testFile{file: "a.ts", args: args + h264 + aac}.encodeFile(t, dir),
		"":    nil,
	}
	half := func(_ *testing.T, file []byte) []byte { return file[:len(file)/2] }
	ftyp := "\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"
	for _, tt := range []struct {
		name, of string
		damage   func(*testing.T, []byte) []byte
		code     string
	}{
		{"cut in its data", "mp4", truncateBox("mdat", 0.5), "truncated"},
		{"cut in its index", "mp4", truncateBox("moov", 0.5), "truncated"},
		{"cut behind its index", "mp4", truncateBox("moov", 1), "truncated"},
		{"cut in a fragment", "frag", half, "truncated"},
		{"no data", "mp4", func(t *testing.T, file []byte) []byte {
			at, _ := findBox(t, file, "mdat")
			return append(slices.Clone(file[:at]), "\x00\x00\x00\x08mdat"...)
		}, "decode_failed"},
		{"data of no length", "mp4", func(t *testing.T, file []byte) []byte {
			at, _ := findBox(t, file, "mdat")
			return append(slices.Clone(file[:at]), "\x00\x00\x00\x00mdat"...)
		}, "decode_failed"},
		{"garbage behind it", "mp4", appendText("\x93\x07\xfe\x51sluice and much more"), ""},
		{"zeros behind it", "mp4", appendText(string(make([]byte, 4096))), ""},
		{"half a Matroska", "mkv", half, "truncated"},
		{"half an AVI", "avi", half, "truncated"},
		{"half an MPEG-TS", "ts", half, ""},
		{"MPEG-TS with a hole", "ts", func(_ *testing.T, file []byte) []byte {
			return slices.Concat(file[:len(file)/3], file[len(file)/2:])
		}, ""},
		{"empty", "", replaceWith(""), "empty"},
		{"text", "", replaceWith("Lorem ipsum dolor sit amet, consectetur adipiscing elit."), "not_a_video"},
		{"random", "", replaceWith(string(randomBytes(4096))), "not_a_video"},
		{"random behind a head", "", replaceWith(ftyp + string(randomBytes(4096))), "truncated"},
		{
			"HLS", "",
			replaceWith("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
			"playlist_refused",
		},
		{"ffconcat", "", replaceWith("ffconcat version 1.0\nfile /etc/passwd\n"), "playlist_refused"},
		{"concat:", "", replaceWith("concat:/etc/passwd|/etc/hosts"), "not_a_video"},
		{
			"DASH", "", replaceWith(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>`),
			"playlist_refused",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newLocalPipeline(t, dir, tt.damage(t, sources[tt.of]))
			p.deliverAll(t)
			p.requireOutcome(t, tt.code)
		})
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// A file with a corrupt index gets ready or fails with a code, within 30 seconds.
func TestCorruptIndexEndsReadyOrFailedWithCode(t *testing.T) {
	dir := findRealTools(t)
	good := testFile{
		file: "a.mp4", args: videoAndAudioInput("192x108", "25", 2) + h264 + aac + "-movflags +faststart",
	}.encodeFile(t, dir)
	moov, size := findBox(t, good, "moov")
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			file, r := bytes.Clone(good), rand.New(rand.NewPCG(seed, 0))
			for range 1 + r.IntN(6) {
				file[moov+8+r.IntN(size-8)] = byte(r.Uint32())
			}
			began := time.Now()
			p := newLocalPipeline(t, dir, file)
			p.deliverAll(t)
			code := ""
			if v := p.readVideo(t); v.State == video.Failed {
				code = string(v.Problem.Code)
			}
			if p.requireOutcome(t, code); code == "internal" || time.Since(began) > 30*time.Second {
				t.Errorf("%q after %v", code, time.Since(began))
			}
			t.Logf("%s %s", p.readVideo(t).State, code)
		})
	}
}
