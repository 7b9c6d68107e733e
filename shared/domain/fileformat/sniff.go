// Package fileformat recognizes media containers by the bytes of a file, and detects truncated files. It is pure and
// needs no AWS rights. It rejects files with [errs.Invalid] and a code.
package fileformat

import (
	"bytes"
	"slices"

	"sluice/shared/domain/errs"
)

// HeadBytes is how many bytes of the beginning of a file Sniff needs.
const HeadBytes = 1024

// The containers that Sniff returns, by the names of ffmpeg's demuxers.
const (
	Mov      = "mov"
	Matroska = "matroska"
	MPEGTS   = "mpegts"
	AVI      = "avi"
	FLV      = "flv"
)

// Sniff returns the container of a file by its first bytes. File names and content types of clients are not
// trusted, and ffmpeg must not guess: it would also open playlists, which name other files. It fails with Invalid:
// empty, playlist_refused or not_a_video.
func Sniff(head []byte) (container string, err error) {
	const op = "fileformat.Sniff"
	switch {
	case len(head) == 0:
		return "", errs.New(op, errs.Invalid, "empty", "The file is empty; upload it again.")
	case isPlaylist(head):
		return "", errs.New(op, errs.Invalid, "playlist_refused",
			"The file is a list of other files; upload the video itself.")
	case hasMovBox(head):
		return Mov, nil
	case bytes.HasPrefix(head, []byte("\x1aE\xdf\xa3")):
		return Matroska, nil
	case bytes.HasPrefix(head, []byte("RIFF")) && len(head) >= 12 && string(head[8:12]) == "AVI ":
		return AVI, nil
	case bytes.HasPrefix(head, []byte("FLV\x01")):
		return FLV, nil
	case hasTransportSync(head, 0, 188), hasTransportSync(head, 4, 192):
		return MPEGTS, nil
	}
	return "", errs.New(op, errs.Invalid, "not_a_video",
		"The file is not a video we know; send MP4, MOV, MKV, WebM, AVI, FLV or MPEG-TS.")
}

// movFirstBoxes are the box types that an MP4 or MOV file may begin with.
var movFirstBoxes = []string{"ftyp", "moov", "mdat", "free", "skip", "wide", "pnot"}

func hasMovBox(head []byte) bool {
	return len(head) >= 8 && slices.Contains(movFirstBoxes, string(head[4:8]))
}

// hasTransportSync reports whether head has the sync bytes of MPEG-TS: every 188 bytes, or every 192 after a
// timestamp.
func hasTransportSync(head []byte, first, step int) bool {
	const packets = 4
	for i := range packets {
		at := first + i*step
		if at >= len(head) {
			return i >= 2
		}
		if head[at] != 0x47 {
			return false
		}
	}
	return true
}

// playlistPrefixes are the beginnings of texts that ffmpeg would follow to other files.
var playlistPrefixes = []string{
	"#extm3u", "#ext-x-", "ffconcat", "<mpd", "<?xml", "<smil", "<smoothstreamingmedia", "[playlist]", "file ", "v=0",
}

func isPlaylist(head []byte) bool {
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"))
	return slices.ContainsFunc(playlistPrefixes, func(l string) bool { return bytes.HasPrefix(text, []byte(l)) })
}
