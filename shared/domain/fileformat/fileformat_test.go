package fileformat_test

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/fileformat"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	ts := strings.Repeat("G"+strings.Repeat("\xff", 187), 4)
	m2ts := strings.Repeat("\x00\x00\x00\x00G"+strings.Repeat("\xff", 187), 4)
	for _, tt := range []struct{ name, head, want string }{
		{"MP4", "\x00\x00\x00\x18ftypisom", "mov"},
		{"old MOV", "\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "mov"},
		{"Matroska and WebM", "\x1aE\xdf\xa3\x01\x00", "matroska"},
		{"MPEG-TS", ts, "mpegts"},
		{"MPEG-TS of two packets", ts[:376], "mpegts"},
		{"M2TS", m2ts, "mpegts"},
		{"AVI", "RIFF\x00\x00\x00\x00AVI LIST", "avi"},
		{"FLV", "FLV\x01\x05", "flv"},
		{"nothing", "", "empty"},
		{"WAV", "RIFF\x00\x00\x00\x00WAVEfmt ", "not_a_video"},
		{"AVI cut off", "RIFF", "not_a_video"},
		{"a picture", "\x89PNG\r\n\x1a\n", "not_a_video"},
		{"text that begins with G", "Good morning", "not_a_video"},
		{"a program", "#!/bin/sh", "not_a_video"},
		{"HLS", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd", "playlist_refused"},
		{"HLS after white space", "\ufeff\r\n #extm3u", "playlist_refused"},
		{"ffconcat", "ffconcat version 1.0", "playlist_refused"},
		{"concat", "file '/etc/passwd'", "playlist_refused"},
		{"DASH", "<MPD xmlns=", "playlist_refused"},
		{"XML", "<?xml version=\"1.0\"?><MPD>", "playlist_refused"},
		{"SDP", "v=0\r\no=- 0 0 IN IP4", "playlist_refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := fileformat.Sniff([]byte(tt.head))
			if err != nil {
				got = codeOf(t, err)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// newBox returns a box with a stated size and a body of zero bytes.
func newBox(name string, size uint32, body int) string {
	return string(binary.BigEndian.AppendUint32(nil, size)) + name + strings.Repeat("\x00", body)
}

func TestCheckCompleteOfMov(t *testing.T) {
	t.Parallel()
	ftyp, moov, mdat := newBox("ftyp", 16, 8), newBox("moov", 24, 16), newBox("mdat", 108, 100)
	large := newBox("mdat", 1, 0) + "\x00\x00\x00\x00\x00\x00\x00\x74" + strings.Repeat("x", 100)
	for _, tt := range []struct{ name, file, want string }{
		{"index first", ftyp + moov + mdat, ""},
		{"index last", ftyp + mdat + moov, ""},
		{"64-bit size", ftyp + large + moov, ""},
		{"last box to the end", ftyp + moov + newBox("mdat", 0, 100), ""},
		{"trailing bytes", ftyp + moov + mdat + "\x00\x00", ""},
		{"trailing data that is no box", ftyp + moov + mdat + "\x93\x07\xfe\x51\x00\x01\x02\x03", ""},
		{"trailing data with a short length", ftyp + moov + mdat + "\x00\x00\x00\x05\x00\x01\x02\x03", ""},
		{"trailing data with a long length", ftyp + moov + mdat + "\x93\x07\xfe\x51text, and more of it", ""},
		{"truncated after the index", ftyp + moov, "truncated"},
		{"data that is no box before the index", ftyp + "\x93\x07\xfe\x51\x00\x01\x02\x03" + moov, "truncated"},
		{"truncated in the last box", ftyp + moov + mdat[:50], "truncated"},
		{"truncated before the index", ftyp + mdat, "truncated"},
		{"truncated 64-bit length", ftyp + moov + large[:12], "truncated"},
		{
			"64-bit size beyond the end", ftyp + moov + newBox("mdat", 1, 0) + "\x7f\xff\xff\xff\xff\xff\xff\xff",
			"truncated",
		},
		{"negative 64-bit size", ftyp + moov + newBox("mdat", 1, 0) + "\xff\xff\xff\xff\xff\xff\xff\xff", "malformed"},
		{"size below the header's", ftyp + newBox("moov", 7, 16), "malformed"},
		{"empty", "", "truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := fileformat.CheckComplete(strings.NewReader(tt.file), int64(len(tt.file)), fileformat.Mov)
			if got := codeOf(t, err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Every prefix of a file that ends within a box or before its index is rejected.
func TestCheckCompleteFindsEveryCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.IntRange(8, 500).Draw(t, "body")
		file := newBox("ftyp", 16, 8) + newBox("mdat", uint32(8+body), body) + newBox("moov", 24, 16)
		cut := rapid.IntRange(0, len(file)-1).Draw(t, "cut")
		err := fileformat.CheckComplete(strings.NewReader(file[:cut]), int64(cut), fileformat.Mov)
		if errs.KindOf(err) != errs.Invalid {
			t.Errorf("cut at %d of %d: %v", cut, len(file), err)
		}
	})
}

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestCheckCompleteReportsReadErrorAsTransient(t *testing.T) {
	t.Parallel()
	for _, container := range []string{fileformat.Mov, fileformat.Matroska, fileformat.AVI} {
		err := fileformat.CheckComplete(brokenReader{}, 100, container)
		if !errors.Is(err, io.ErrClosedPipe) || errs.KindOf(err) != errs.Transient {
			t.Errorf("%s: got %v, want a transient error", container, err)
		}
	}
}

func TestCheckRIFF(t *testing.T) {
	t.Parallel()
	for size, want := range map[uint32]string{
		92: "", 90: "", 0: "", 1<<32 - 1: "", 93: "truncated", 1<<32 - 2: "truncated",
	} {
		file := "RIFF" + string(binary.LittleEndian.AppendUint32(nil, size)) + "AVI " + strings.Repeat("x", 88)
		if got := codeOf(
			t, fileformat.CheckComplete(strings.NewReader(file), int64(len(file)), fileformat.AVI),
		); got != want {
			t.Errorf("%d bytes, said to be %d: %q, want %q", len(file), size+8, got, want)
		}
	}
}

func TestCheckMatroskaSegment(t *testing.T) {
	t.Parallel()
	head := "\x1aE\xdf\xa3\x84abcd" // EBML, of four bytes
	body := strings.Repeat("x", 100)
	for _, tt := range []struct{ name, file, want string }{
		{"complete", head + "\x18\x53\x80\x67\xe4" + body, ""},
		{"complete, wide length", head + "\x18\x53\x80\x67\x01\x00\x00\x00\x00\x00\x00\x64" + body, ""},
		{"trailing data", head + "\x18\x53\x80\x67\xe3" + body, ""},
		{"live", head + "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + body, ""},
		{"live, short length", head + "\x18\x53\x80\x67\xff" + body, ""},
		{"another element first", head + "\xec\x81\x00\x18\x53\x80\x67\xe6" + body, ""},
		{"truncated", head + "\x18\x53\x80\x67\xe5" + body, "truncated"},
		{"truncated by much", head + "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xfe" + body, "truncated"},
		{"truncated header", head[:6], "truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := fileformat.CheckComplete(strings.NewReader(tt.file), int64(len(tt.file)), fileformat.Matroska)
			if got := codeOf(t, err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// codeOf returns the code of an error, "" for nil. An Invalid error must have a message.
func codeOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	p := errs.ProblemOf(err)
	if errs.KindOf(err) != errs.Invalid || !strings.HasSuffix(p.Message, ".") {
		t.Errorf("%v: not Invalid, or without a sentence", err)
	}
	return string(p.Code)
}
