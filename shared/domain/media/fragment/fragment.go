// Package fragment splits fragmented MP4 files (ISO/IEC 14496-12 §8.8), as ffmpeg writes them, into their fragments,
// and writes fragments of audio. It is pure and needs no AWS rights. It rejects other files with Invalid,
// segments_wrong.
package fragment

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"

	"sluice/shared/domain/errs"
)

// Fragment is one moof box with its mdat box, as ffmpeg wrote them.
type Fragment struct {
	Data           []byte // a part of the file, not a copy
	Sequence       int    // sequence number (mfhd)
	Time           int64  // decode time of its first sample, in ticks (tfdt)
	Samples        int
	Ticks          int64 // sum of the samples' durations
	StartsWithSync bool  // begins with a sync sample
}

// Split splits a fragmented MP4 of one track after every mdat box, without changing a byte. init is
// everything before the first fragment. It fails with Invalid, segments_wrong, for any other file.
func Split(file []byte) (init []byte, frags []Fragment, err error) {
	trex, begin := (*mp4.TrexBox)(nil), 0
	var moof *mp4.MoofBox
	for pos := 0; pos < len(file); {
		box, name, err := readBox(file[pos:])
		if err != nil {
			return nil, nil, NewError(err)
		}
		pos += len(box)
		switch name {
		case "moov":
			if trex != nil {
				return nil, nil, NewError(errors.New("two init segments"))
			}
			init, begin = file[:pos], pos
			if trex, err = readSampleDefaults(box); err != nil {
				return nil, nil, NewError(err)
			}
		case "moof":
			if moof, err = decodeBox[*mp4.MoofBox](box); err != nil {
				return nil, nil, NewError(err)
			}
		case "mdat":
			f, err := readFragment(moof, trex)
			if err != nil {
				return nil, nil, NewError(err)
			}
			f.Data = file[begin:pos]
			frags, begin, moof = append(frags, f), pos, nil
		}
	}
	if begin != len(file) || len(init) == 0 {
		return nil, nil, NewError(errors.New("no whole number of fragments behind an init segment"))
	}
	return init, frags, nil
}

// readBox returns the first box of b and its type.
func readBox(b []byte) (box []byte, name string, err error) {
	if len(b) < 8 {
		return nil, "", errors.New("box header is cut off")
	}
	size := int(binary.BigEndian.Uint32(b))
	if size < 8 || size > len(b) {
		return nil, "", fmt.Errorf("box %q of %d bytes where %d are left", b[4:8], size, len(b))
	}
	return b[:size], string(b[4:8]), nil
}

// decodeBox decodes one box of type T.
func decodeBox[T mp4.Box](b []byte) (box T, err error) {
	decoded, err := mp4.DecodeBoxSR(0, bits.NewFixedSliceReader(b))
	if err != nil {
		return box, err
	}
	box, ok := decoded.(T)
	if !ok {
		return box, fmt.Errorf("box is a %s", decoded.Type())
	}
	return box, nil
}

// readSampleDefaults returns the defaults for samples that a fragment does not state itself.
func readSampleDefaults(box []byte) (*mp4.TrexBox, error) {
	moov, err := decodeBox[*mp4.MoovBox](box)
	if err != nil {
		return nil, err
	}
	if moov.Mvex == nil || moov.Mvex.Trex == nil || len(moov.Traks) != 1 {
		return nil, errors.New("moov is not of one fragmented track")
	}
	return moov.Mvex.Trex, nil
}

func readFragment(moof *mp4.MoofBox, trex *mp4.TrexBox) (Fragment, error) {
	if moof == nil || trex == nil || moof.Mfhd == nil || len(moof.Trafs) != 1 {
		return Fragment{}, errors.New("mdat without a moof of one track")
	}
	traf := moof.Traf
	if traf.Tfhd == nil || traf.Tfdt == nil || len(traf.Truns) == 0 {
		return Fragment{}, errors.New("traf lacks tfhd, tfdt or trun")
	}
	f := Fragment{Sequence: int(moof.Mfhd.SequenceNumber), Time: int64(traf.Tfdt.BaseMediaDecodeTime())}
	for i, run := range traf.Truns {
		f.Ticks += int64(run.AddSampleDefaultValues(traf.Tfhd, trex))
		f.Samples += len(run.Samples)
		if i == 0 && len(run.Samples) > 0 {
			flags, own := run.FirstSampleFlags()
			if !own {
				flags = run.Samples[0].Flags
			}
			f.StartsWithSync = !mp4.DecodeSampleFlags(flags).SampleIsNonSync
		}
	}
	return f, nil
}

// ReadCodec returns the codec of an init segment, as RFC 6381 names it ("avc1.64001f", "mp4a.40.2"), and its ticks a
// second. It fails with Invalid, segments_wrong, for anything but H.264 and AAC.
func ReadCodec(init []byte) (codec string, timescale int, err error) {
	for pos := 0; pos < len(init); {
		box, name, err := readBox(init[pos:])
		if err != nil {
			return "", 0, NewError(err)
		}
		pos += len(box)
		if name != "moov" {
			continue
		}
		moov, err := decodeBox[*mp4.MoovBox](box)
		if err != nil {
			return "", 0, NewError(err)
		}
		return readTrackCodec(moov)
	}
	return "", 0, NewError(errors.New("init segment without moov"))
}

func readTrackCodec(moov *mp4.MoovBox) (string, int, error) {
	var stsd mp4.StsdBox // the sample description; empty if a box on the way to it is missing
	scale := 0
	if t := moov.Trak; t != nil && t.Mdia != nil && t.Mdia.Mdhd != nil && t.Mdia.Minf != nil &&
		t.Mdia.Minf.Stbl != nil && t.Mdia.Minf.Stbl.Stsd != nil {
		stsd, scale = *t.Mdia.Minf.Stbl.Stsd, int(t.Mdia.Mdhd.Timescale)
	}
	switch {
	case stsd.AvcX != nil && stsd.AvcX.AvcC != nil:
		c := stsd.AvcX.AvcC
		return fmt.Sprintf("avc1.%02x%02x%02x", c.AVCProfileIndication, c.ProfileCompatibility,
			c.AVCLevelIndication), scale, nil
	case stsd.Mp4a != nil && stsd.Mp4a.Esds != nil:
		if d := stsd.Mp4a.Esds.DecConfigDescriptor; d != nil && d.DecSpecificInfo != nil &&
			len(d.DecSpecificInfo.DecConfig) > 0 {
			return fmt.Sprintf("mp4a.40.%d", d.DecSpecificInfo.DecConfig[0]>>3), scale, nil
		}
	}
	return "", 0, NewError(errors.New("neither avcC nor esds"))
}

// SegmentsWrong is the code of a file that is not what was requested.
const SegmentsWrong = "segments_wrong"

// NewError returns the error of such a file: Invalid.
func NewError(err error) error {
	return &errs.Error{
		Op: "media.CutSegments", Kind: errs.Invalid, Code: SegmentsWrong, Message: segmentsWrongMessage, Err: err,
	}
}

const segmentsWrongMessage = "The video could not be cut into segments; export it as MP4 with H.264 and upload it again."
