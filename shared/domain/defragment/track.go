package defragment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sluice/shared/domain/sampletable/box"
)

// maxSamples is how many samples a track may have: the pictures of 12 hours at 60 frames a second are a quarter.
const maxSamples = 10_000_000

// track has the tables of one track, which grow with each run. A run is a chunk of its own.
type track struct {
	id    uint32
	scale uint32 // ticks a second
	video bool
	trak  []box.Box

	defaults box.SampleFields

	stts, ctts, stsz, stss, stsc, co64 *box.Table

	count  uint32 // samples
	last   int64  // decoding time of the last sample
	lasts  uint32 // its duration as its run states it
	end    int64  // when the last frame that was shown ends
	perRun uint32 // samples of the last run
	runs   uint32
}

// newTrack returns the track of the body of a trak box.
func newTrack(trak []byte) (*track, error) {
	t := &track{
		stts: box.NewTable("stts", 8), ctts: box.NewTable("ctts", 8), stsz: box.NewTable("stsz", 4),
		stss: box.NewTable("stss", 4), stsc: box.NewTable("stsc", 12), co64: box.NewTable("co64", 8),
	}
	t.stsz.Prefix = make([]byte, 4) // no size that all samples have
	found, err := box.Children(trak, "tkhd", "mdia")
	if err != nil {
		return nil, err
	}
	tkhd := found["tkhd"].Data
	at := trackDuration.offset(tkhd) - 8
	if len(tkhd) < at+4 {
		return nil, errDamaged
	}
	t.id = binary.BigEndian.Uint32(tkhd[at:])
	mdia, err := box.Children(found["mdia"].Body, "mdhd", "hdlr", "minf")
	if err != nil {
		return nil, err
	}
	hdlr := mdia["hdlr"].Body
	t.video = len(hdlr) >= 12 && string(hdlr[8:12]) == "vide"
	if t.scale, err = readScale(mdia["mdhd"]); err != nil {
		return nil, err
	}
	t.trak, err = box.List(trak)
	return t, err
}

// addRun adds the samples of a trun box, the first of which is decoded at dts. It returns when the next one is.
func (t *track) addRun(body []byte, d box.SampleFields, dts, base, end int64) (int64, error) {
	r := &box.Words{Rest: body}
	version := r.Next()
	flags, version := version&0xffffff, version>>24
	n, offset := r.Next(), r.Next()
	if flags&box.RunHasOffset == 0 || n == 0 || n > maxSamples-t.count {
		return 0, errDamaged
	}
	first := d
	if flags&box.RunHasFirstFlags != 0 {
		first.Flags = r.Next()
	}
	at := base + int64(int32(offset))
	t.addChunk(at, n)
	for i := range n {
		one := d
		if i == 0 {
			one.Flags = first.Flags
		}
		cts := r.ReadSample(flags, &one)
		if version == 1 && int32(cts) < 0 || cts > math.MaxInt32 || one.Duration > math.MaxInt32 {
			return 0, errors.New("a frame is shown before it is decoded")
		}
		if err := t.addSample(dts, one, cts); err != nil {
			return 0, err
		}
		dts, at = dts+int64(one.Duration), at+int64(one.Size)
	}
	if r.Err != nil || at > end || at < base {
		return 0, errors.Join(errDamaged, r.Err)
	}
	return dts, nil
}

// addChunk adds a chunk of n samples at a position.
func (t *track) addChunk(at int64, n uint32) {
	t.runs++
	if n != t.perRun {
		for _, x := range []uint32{t.runs, n, 1} { // of the one description
			t.stsc.Add32(x)
		}
		t.perRun = n
	}
	t.co64.Entries = binary.BigEndian.AppendUint64(t.co64.Entries, uint64(at))
}

// addSample adds a sample that is decoded at dts and shown cts later. With it the duration of the one before is known.
func (t *track) addSample(dts int64, d box.SampleFields, cts uint32) error {
	lasts := dts - t.last
	switch {
	case t.count == 0 && dts != 0:
		return fmt.Errorf("the first sample is decoded at %d", dts)
	case lasts < 0 || lasts > math.MaxInt32:
		return errors.New("the samples are not in the order of their times")
	case t.count > 0:
		t.stts.AddRun(uint32(lasts))
	}
	t.count++
	t.last, t.lasts = dts, d.Duration
	t.end = max(t.end, dts+int64(cts)+int64(d.Duration))
	t.ctts.AddRun(cts)
	t.stsz.Add32(d.Size)
	if d.Flags&box.IsNonSync == 0 {
		t.stss.Add32(t.count)
	}
	return nil
}

// finish ends the tables. It returns how long the track is shown, in ticks of the movie, of which scale are a second.
func (t *track) finish(scale uint32) (shown int64, err error) {
	t.stts.AddRun(t.lasts)
	ticks := func(n int64) int64 { return (n*int64(scale) + int64(t.scale) - 1) / int64(t.scale) }
	shown = ticks(t.end)
	for i, b := range t.trak {
		if b.Name != "edts" {
			continue
		}
		edits, empty, media, err := readEdits(b)
		if err != nil {
			return 0, err
		}
		lasts := ticks(t.end - media)
		if lasts < 0 || lasts >= 1<<32-1 {
			return 0, errDamaged
		}
		t.trak[i].Data = edits.withDuration(lasts)
		shown = empty + lasts
	}
	return shown, nil
}

// build returns the trak box of a track that is shown for a number of ticks of the movie.
func (t *track) build(shown int64) ([]byte, error) {
	var out []byte
	for _, b := range t.trak {
		data := b.Data
		var err error
		switch b.Name {
		case "tkhd":
			data, err = setDuration(data, trackDuration, shown)
		case "mdia":
			data, err = t.buildMedia(b.Body)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, data...)
	}
	return box.Wrap("trak", out), nil
}

// buildMedia returns the mdia box.
func (t *track) buildMedia(body []byte) ([]byte, error) {
	mdia, err := box.Children(body, "mdhd", "hdlr", "minf")
	if err != nil {
		return nil, err
	}
	mdhd, err := setDuration(mdia["mdhd"].Data, mediaDuration, t.last+int64(t.lasts))
	if err != nil {
		return nil, err
	}
	minf, err := box.List(mdia["minf"].Body)
	if err != nil {
		return nil, err
	}
	var parts []byte
	for _, b := range minf {
		if b.Name != "stbl" {
			parts = append(parts, b.Data...)
			continue
		}
		stbl, err := box.Children(b.Body, "stsd")
		if err != nil {
			return nil, err
		}
		parts = append(parts, box.Wrap("stbl", stbl["stsd"].Data, t.buildTables())...)
	}
	return box.Wrap("mdia", mdhd, mdia["hdlr"].Data, box.Wrap("minf", parts)), nil
}

// buildTables returns the tables of samples (§8.6 and §8.7). All samples of sound are sync samples, which a missing
// table says.
func (t *track) buildTables() (all []byte) {
	tables := []*box.Table{t.stts, t.ctts, t.stsc, t.stsz, t.co64}
	if t.video {
		tables = append(tables, t.stss)
	}
	for _, b := range tables {
		all = append(all, b.Build()...)
	}
	return all
}
