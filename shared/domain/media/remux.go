package media

import "sluice/shared/domain/fileformat"

// ChooseRemuxContainer returns the container into which a source must be remuxed before it is cut. ok is false if it
// can be cut as it is. MPEG-TS and FLV have no index for seeking. Matroska files, which browsers and recorders often
// write without an index, do not say where their streams start and end.
func ChooseRemuxContainer(container string) (into string, ok bool) {
	switch container {
	case fileformat.MPEGTS, fileformat.FLV:
		return fileformat.Mov, true
	case fileformat.Matroska:
		return fileformat.Matroska, true
	}
	return "", false
}

// RemuxArgs returns the arguments that copy the first video and audio streams of a source, without encoding, into a
// file of a container that ChooseRemuxContainer returns. The output is reproducible.
func RemuxArgs(into, out string) Args {
	format := map[string]string{fileformat.Mov: "mp4", fileformat.Matroska: "matroska"}[into]
	output := append([]string{"-map", "0:V:0", "-map", "0:a:0?", "-c", "copy"}, buildStripArgs()...)
	return Args{Input: []string{"-fflags", "+genpts"}, Output: append(output, "-f", format, "file:"+out)}
}

// FindTailStart returns the time in seconds from which to read packets to find the last one.
func FindTailStart(p Probe) float64 {
	const enough = 10 // seconds: frames are never out of order by more
	start, _ := parseSeconds(p.Format.Start)
	length, _ := parseSeconds(p.Format.Duration)
	if v, ok := p.firstStream("video"); ok {
		if own, ok := parseSeconds(v.Duration); ok && own > 0 {
			length = min(length, own)
		}
	}
	return max(0, start+length-enough)
}
