package box

import "encoding/binary"

// Flags of tfhd and trun boxes (ISO/IEC 14496-12 §8.8.7 and §8.8.8), and of samples (§8.8.3.1).
const (
	HasBaseOffset, HasDescription, MoofIsBase = 0x1, 0x2, 0x020000
	hasDuration, hasSize, hasFlags            = 0x8, 0x10, 0x20

	RunHasOffset, RunHasFirstFlags                           = 0x1, 0x4
	runHasDuration, runHasSize, runHasFlags, runHasCTSOffset = 0x100, 0x200, 0x400, 0x800

	IsNonSync, DependsOnOthers = 0x10000, 0x1000000
)

// SampleFields are what fragments state of a sample, or of all samples that state nothing themselves.
type SampleFields struct{ Duration, Size, Flags uint32 }

// ReadTrackDefaults returns the id of a track and its fields, if b is a whole trex box (§8.8.3).
func ReadTrackDefaults(b Box) (track uint32, d SampleFields, ok bool) {
	if b.Name != "trex" || len(b.Body) < 24 {
		return 0, SampleFields{}, false
	}
	number := func(at int) uint32 { return binary.BigEndian.Uint32(b.Body[at:]) }
	return number(4), SampleFields{Duration: number(12), Size: number(16), Flags: number(20)}, true
}

// optionalField is a number that is there if a flag says so.
type optionalField struct {
	flag uint32
	to   *uint32
}

func (w *Words) readOptional(flags uint32, all ...optionalField) {
	for _, f := range all {
		if flags&f.flag != 0 {
			*f.to = w.Next()
		}
	}
}

// ReadDefaults reads those fields that a tfhd box with flags has.
func (w *Words) ReadDefaults(flags uint32, to *SampleFields) {
	w.readOptional(flags, optionalField{hasDuration, &to.Duration}, optionalField{hasSize, &to.Size},
		optionalField{hasFlags, &to.Flags})
}

// ReadSample reads those fields of a sample that a trun box with flags has. cts is its composition time offset, 0 if it
// has none.
func (w *Words) ReadSample(flags uint32, to *SampleFields) (cts uint32) {
	w.readOptional(flags, optionalField{runHasDuration, &to.Duration}, optionalField{runHasSize, &to.Size},
		optionalField{runHasFlags, &to.Flags}, optionalField{runHasCTSOffset, &cts})
	return cts
}
