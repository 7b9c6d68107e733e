package fragment

import (
	"bytes"
	"errors"

	"github.com/Eyevinn/mp4ff/mp4"
)

// ListPackets returns the samples of fragments of one track, by its init segment.
func ListPackets(init []byte, frags []Fragment) (all []mp4.FullSample, err error) {
	for _, f := range frags {
		file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), f.Data...)))
		if err != nil {
			return nil, err
		}
		if len(file.Segments) != 1 || len(file.Segments[0].Fragments) != 1 || file.Moov == nil {
			return nil, errors.New("no single fragment")
		}
		samples, err := file.Segments[0].Fragments[0].GetFullSamples(file.Moov.Mvex.Trex)
		if err != nil {
			return nil, err
		}
		all = append(all, samples...)
	}
	return all, nil
}

// Build returns a fragment of packets, each of which is a sync sample, and how many ticks it lasts.
func Build(number int, packets []mp4.FullSample) (data []byte, ticks int64, err error) {
	f, err := mp4.CreateFragment(uint32(number), mp4.DefaultTrakID)
	if err != nil {
		return nil, 0, err
	}
	f.EncOptimize = mp4.OptimizeTrun
	for _, p := range packets {
		p.Flags = mp4.SyncSampleFlags
		f.AddFullSample(p)
		ticks += int64(p.Dur)
	}
	var b bytes.Buffer
	if err := f.Encode(&b); err != nil {
		return nil, 0, err
	}
	return b.Bytes(), ticks, nil
}
