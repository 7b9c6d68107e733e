package events_test

import (
	"cmp"
	"encoding/json"
	"reflect"
	"syscall"
	"testing"

	"sluice/events"
	"sluice/shared/domain/video"
)

// BenchmarkMessage measures the CPU time of encoding and decoding a message, beside that of encoding/json alone
// (plain).
func BenchmarkMessage(b *testing.B) {
	for _, name := range []string{
		"upload.completed.v1/full", "encode.requested.v1/full", "encode.done.v1/full", "video.ready.v1/full",
		"two hours",
	} {
		e := newEnvelope(cmp.Or(samples[name], any(longestEncodeDone())))
		wire, err := events.Encode(e)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/plain", func(b *testing.B) {
			measureCPU(b, func() {
				raw, _ := json.Marshal(e.Data)
				_ = json.Unmarshal(raw, reflect.New(reflect.TypeOf(e.Data)).Interface())
			})
		})
		b.Run(name+"/encode", func(b *testing.B) { measureCPU(b, func() { _, _ = events.Encode(e) }) })
		b.Run(name+"/decode", func(b *testing.B) { measureCPU(b, func() { _, _ = events.Decode(wire) }) })
	}
}

// longestEncodeDone is the result with the most segments: the audio of the longest video that is accepted.
func longestEncodeDone() video.EncodeDone {
	s := make([]video.Segment, 3600)
	for i := range s {
		s[i] = video.Segment{Bytes: int64(32_000 + i), Ticks: 96_256}
	}
	return video.EncodeDone{
		At: noon,
		Result: video.Result{
			Task: longPlan.Tasks()[0], Tracks: []video.Track{newTrack("audio", "mp4a.40.2", 48000, s...)},
		},
	}
}

func measureCPU(b *testing.B, f func()) {
	b.ReportAllocs()
	began := cpuNanoseconds()
	n := 0
	for b.Loop() {
		f()
		n++
	}
	b.ReportMetric(float64(cpuNanoseconds()-began)/float64(n)/1000, "cpu-us/op")
}

// cpuNanoseconds returns the CPU time of the process.
func cpuNanoseconds() int64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}
