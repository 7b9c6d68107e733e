package costmodel

import (
	"strings"

	"sluice/shared/domain/media"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// What is known of the work. CPU seconds are of one core of the machine on which they were measured; a core of Lambda
// is assumed to be up to twice as slow (SlownessFactors).
const (
	videoCPUPerSecond   = 0.75 // to decode a second of 1080p and encode every rendition,
	videoCPUPerFrame    = 0.05 // and for each of its frames; measured: 18 for 8 s at 30 frames a second, 30 at 60
	audioCPUPerSecond   = 0.01 // to encode a second of audio
	taskOverheadSeconds = 2.0  // of a task in which ffmpeg does not run: start, download, upload
	cpuUtilization      = 0.9  // part of the CPU time that ffmpeg uses
	// MB of a function with one CPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)
	memoryPerCPU = 1769.0

	minutesPerVideo = 10
	partsPerMinute  = 8.0 // parts of 8 MiB in a minute of an original
)

// SlownessFactors are the least and the most by which a core of Lambda is assumed to be slower than the measured core.
var SlownessFactors = [2]float64{1, 2}

// readsPerTask is how many objects or ranges are read for a task: by encode two ranges of the index and about four of
// the original (docs/performance.md), by publish the playlists.
const readsPerTask = 8

// Workload is 1,000 minutes of 1080p, in videos of ten minutes with sound, at a frame rate.
type Workload struct {
	FPS  int
	plan video.Plan // of one video
}

// NewWorkload returns the workload at a frame rate, in frames a second.
func NewWorkload(fps int) Workload {
	return Workload{FPS: fps, plan: media.NewPlan(video.Media{
		AudioCodec: "aac", Width: 1920, Height: 1080, Rate: video.Rate{Num: fps, Den: 1},
		Frames: minutesPerVideo * 60 * fps,
	})}
}

// RenditionNames returns the names of the renditions, separated by commas.
func (w Workload) RenditionNames() string {
	var names []string
	for _, r := range w.plan.Renditions {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

func (w Workload) videoCount() float64 { return 1000 / minutesPerVideo }
func (w Workload) taskCount() float64  { return w.videoCount() * float64(len(w.plan.Tasks())) }

// WorkloadCost returns what a workload costs if a core of Lambda is slower than the measured core by a factor. Storage
// and delivery are left out, as they are in MediaConvert's price.
func WorkloadCost(p Prices, w Workload, factor float64) []Line {
	// encode and publish for each task, inspect and publish for each video
	invocations := 2*w.taskCount() + 2*w.videoCount()
	return mergeLines([]Line{
		p.newLine("encoding", "lambda-arm64", w.encodingSeconds(factor)*memoryGB("encode")),
		p.newLine("encoding", "lambda-disk", w.encodingSeconds(factor)*float64(max(lookup("encode").Disk-512, 0))/1024),
		p.newLine("inspecting", "lambda-arm64", w.videoCount()*5*factor*memoryGB("inspect")),
		p.newLine("publishing", "lambda-arm64", w.taskCount()*0.2*factor*memoryGB("publish")),
		p.newLine("invocations", "lambda-requests", invocations),
		p.newLine("messages", "sqs-standard", 3*w.taskCount()), // sent, received, deleted
		p.newLine("messages", "sqs-fifo", 3*(w.taskCount()+2*w.videoCount())),
		p.newLine("messages", "sns", 3*w.videoCount()),
		p.newLine("rows", "dynamodb-writes", 10*w.taskCount()),
		p.newLine("rows", "dynamodb-reads", 20*w.taskCount()),
		p.newLine("objects", "s3-writes", w.segmentCount()+1000*partsPerMinute),
		p.newLine("objects", "s3-reads", readsPerTask*w.taskCount()),
		p.newLine("requests to the API", "api-requests", 50*w.videoCount()),
		p.newLine("traces", "traces", invocations),
		p.newLine("logs", "logs", invocations*runLogGB),
	})
}

// encodingSeconds returns for how many seconds encode runs, all invocations together.
func (w Workload) encodingSeconds(factor float64) (total float64) {
	cores := min(float64(lookup("encode").Memory)/memoryPerCPU, 2) * cpuUtilization
	for _, t := range w.plan.Tasks() {
		total += taskOverheadSeconds
		if t.Kind == video.AudioTask {
			total += audioCPUPerSecond * factor * minutesPerVideo * 60 // on one core
		} else {
			frames := t.To - t.From
			total += (videoCPUPerSecond*w.plan.Rate.Seconds(frames) + videoCPUPerFrame*float64(frames)) * factor / cores
		}
	}
	return total * w.videoCount()
}

// segmentCount returns how many segments are written, of video and of audio.
func (w Workload) segmentCount() float64 {
	each := float64(w.plan.FrameCount()) / float64(w.plan.SegmentFrames)
	return each * float64(len(w.plan.Renditions)+1) * w.videoCount()
}

func lookup(service string) services.Service {
	s, _ := services.Lookup(service)
	return s
}

func memoryGB(service string) float64 { return float64(lookup(service).Memory) / 1024 }

// MediaConvertCost returns what AWS Elemental MediaConvert charges for the same renditions, in its basic tier and
// before volume discounts. A rendition below 720 lines is SD. In HD, more than 30 frames a second cost more; in SD they
// are assumed not to.
func MediaConvertCost(p Prices, w Workload) []Line {
	var lines []Line
	for _, r := range w.plan.Renditions {
		price := "mediaconvert-sd"
		switch {
		case r.Height >= 720 && w.FPS > 30:
			price = "mediaconvert-hd-60"
		case r.Height >= 720:
			price = "mediaconvert-hd"
		}
		lines = append(lines, p.newLine("MediaConvert", price, 1000))
	}
	return mergeLines(lines)
}
