package media

// ChooseRemuxContainer returns the container that a source has to be copied into before it can be cut, and false if it
// can be cut as it is. MPEG-TS and FLV have no index to seek by; Matroska, which browsers and crashed recorders write
// without one, says of its streams neither where they begin nor where they end.
func ChooseRemuxContainer(container string) (into string, ok bool) {
	switch container {
	case MPEGTS, FLV:
		return Mov, true
	case Matroska:
		return Matroska, true
	}
	return "", false
}

// RemuxArgs returns the arguments that copy the first video and audio streams of a source, packet by packet, into a
// file that Remux asks for. The same source gives the same bytes.
func RemuxArgs(into, out string) Args {
	format := map[string]string{Mov: "mp4", Matroska: "matroska"}[into]
	output := append([]string{"-map", "0:V:0", "-map", "0:a:0?", "-c", "copy"}, buildStripArgs()...)
	return Args{Input: []string{"-fflags", "+genpts"}, Output: append(output, "-f", format, "file:"+out)}
}

// FindTailStart returns from where on, in seconds, to look at packets for the last one.
func FindTailStart(p Probe) float64 {
	const enough = 10 // seconds: more than frames are ever out of order
	start, _ := parseSeconds(p.Format.Start)
	length, _ := parseSeconds(p.Format.Duration)
	if v, ok := p.firstStream("video"); ok {
		if own, ok := parseSeconds(v.Duration); ok && own > 0 {
			length = min(length, own)
		}
	}
	return max(0, start+length-enough)
}
