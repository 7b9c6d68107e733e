// Package defragmenttest makes small fragmented MP4 files of the form that FFmpeg's muxer writes, for tests.
package defragmenttest

import (
	"bytes"
	"encoding/binary"

	"sluice/shared/domain/sampletable/box"
)

// Sample is a sample of a fragment.
type Sample struct {
	Duration, Size, CTS uint32
	Key                 bool
}

// Words returns numbers of 32 bits, big-endian.
func Words(all ...uint32) (b []byte) {
	for _, n := range all {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// What the edit lists of both tracks say.
const (
	Timescale  = 16000 // ticks a second of the tracks
	MovieScale = 1000
	EmptyEdit  = 40  // ticks of the movie
	MediaTime  = 640 // ticks of the track, of what is shown first
)

// buildTrak returns the trak box of a track without samples, as FFmpeg writes it.
func buildTrak(id uint32, handler string) []byte {
	stbl := box.Wrap("stbl", box.Wrap("stsd", Words(0, 1), box.Wrap("none")), box.Wrap("stts", Words(0, 0)),
		box.Wrap("stsc", Words(0, 0)), box.Wrap("stsz", Words(0, 0, 0)), box.Wrap("stco", Words(0, 0)))
	mdia := box.Wrap("mdia", box.Wrap("mdhd", Words(0, 0, 0, Timescale, 0, 0)),
		box.Wrap("hdlr", Words(0, 0), []byte(handler), Words(0, 0, 0)), box.Wrap("minf", stbl))
	elst := box.Wrap("elst", Words(0, 2, EmptyEdit, 1<<32-1, 1<<16, 0, MediaTime, 1<<16))
	return box.Wrap("trak", box.Wrap("tkhd", Words(0, 0, 0, id), make([]byte, 68)), box.Wrap("edts", elst), mdia)
}

// BuildFile returns a fragmented file with a track of video and one of sound, which have the same samples, and a
// fragment for each element of fragments.
func BuildFile(fragments [][]Sample) []byte {
	file := box.Wrap("ftyp", []byte("isom"), Words(0))
	file = append(file, box.Wrap("moov", box.Wrap("mvhd", Words(0, 0, 0, MovieScale), make([]byte, 84)),
		buildTrak(1, "vide"), buildTrak(2, "soun"), box.Wrap("mvex",
			box.Wrap("trex", Words(0, 1, 1, 0, 0, 0)), box.Wrap("trex", Words(0, 2, 1, 0, 0, 0))))...)
	dts := uint32(0)
	for _, f := range fragments {
		bytes := uint32(0)
		for _, s := range f {
			bytes += s.Size
		}
		moof := buildFragment(f, dts, 0, bytes)
		moof = buildFragment(f, dts, uint32(len(moof)+8), bytes) // with the offsets, which don't change its size
		file = append(append(file, moof...), Words(8+2*bytes)...)
		file = append(file, "mdat"...)
		for track := range byte(2) {
			for i, s := range f {
				file = append(file, BytesOf(track, i, s)...)
			}
		}
		for _, s := range f {
			dts += s.Duration
		}
	}
	return file
}

// BytesOf returns the bytes of sample i of a fragment, of a track: 0 for the video, 1 for the sound.
func BytesOf(track byte, i int, s Sample) []byte {
	return bytes.Repeat([]byte{track<<7 | byte(i)}, int(s.Size))
}

// buildFragment returns a moof box whose video begins at an offset, and whose sound lies behind as many bytes.
func buildFragment(f []Sample, dts, offset, bytes uint32) []byte {
	var trafs []byte
	for track := range uint32(2) {
		run := Words(0x000f01, uint32(len(f)), offset+track*bytes)
		for _, s := range f {
			flags := uint32(0x1010000)
			if s.Key {
				flags = 0x2000000
			}
			run = append(run, Words(s.Duration, s.Size, flags, s.CTS)...)
		}
		trafs = append(trafs, box.Wrap("traf", box.Wrap("tfhd", Words(0x020000, track+1)),
			box.Wrap("tfdt", Words(0, dts)), box.Wrap("trun", run))...)
	}
	return box.Wrap("moof", box.Wrap("mfhd", Words(0, 1)), trafs)
}
