package bill

import (
	"strings"

	"sluice/shared/domain/media"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
)

// What is known of the work. CPU seconds are those of one core of the machine they were measured on; Lambda's core is
// taken to be once to twice as slow (Factors).
const (
	videoCPU  = 0.75   // CPU seconds a second of 1080p, decoded and encoded to every rung,
	frameCPU  = 0.05   // and for each of its frames: 18 for 8 s at 30 frames a second, 30 at 60
	soundCPU  = 0.01   // CPU seconds a second of sound
	taskSpent = 2.0    // seconds of a task in which ffmpeg does not run: the start, the original, the segments
	busy      = 0.9    // share of the processors that ffmpeg keeps busy
	oneCPU    = 1769.0 // MB that have one processor (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)

	videoMinutes = 10  // of each video
	partMinutes  = 8.0 // parts of 8 MiB that a minute of an original has
)

// Factors are the least and the most that a core of Lambda is taken to be slower than the one measured.
var Factors = [2]float64{1, 2}

// Load is a thousand minutes of 1080p: in videos of ten minutes, with sound, at so many frames a second.
type Load struct {
	FPS  int
	plan video.Plan // of one video
}

// NewLoad returns the load at a frame rate.
func NewLoad(fps int) Load {
	return Load{FPS: fps, plan: media.NewPlan(video.Media{
		AudioCodec: "aac", Width: 1920, Height: 1080, Rate: video.Rate{Num: fps, Den: 1}, Frames: videoMinutes * 60 * fps,
	})}
}

// Rungs returns the lines of the renditions that are made.
func (l Load) Rungs() string {
	var names []string
	for _, r := range l.plan.Renditions {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

func (l Load) videos() float64 { return 1000 / videoMinutes }
func (l Load) tasks() float64  { return l.videos() * float64(len(l.plan.Tasks())) }

// Minutes returns what a load costs when a core of Lambda is factor times slower than the one measured. What is stored
// and what is watched is not in it: nor is it in MediaConvert's price.
func Minutes(p Prices, l Load, factor float64) []Line {
	invocations := 2*l.tasks() + 2*l.videos() // encode and publish for each task, inspect and publish for each video
	return merge([]Line{
		p.line("encoding", "lambda-arm64", l.encoding(factor)*gigabytes("encode")),
		p.line("encoding", "lambda-disk", l.encoding(factor)*disk("encode")),
		p.line("inspecting", "lambda-arm64", l.videos()*5*factor*gigabytes("inspect")),
		p.line("publishing", "lambda-arm64", l.tasks()*0.2*factor*gigabytes("publish")),
		p.line("invocations", "lambda-requests", invocations),
		p.line("messages", "sqs-standard", 3*l.tasks()), // sent, received, deleted
		p.line("messages", "sqs-fifo", 3*(l.tasks()+2*l.videos())),
		p.line("messages", "sns", 3*l.videos()),
		p.line("rows", "dynamodb-writes", 10*l.tasks()),
		p.line("rows", "dynamodb-reads", 20*l.tasks()),
		p.line("objects", "s3-writes", l.segments()+1000*partMinutes),
		p.line("objects", "s3-reads", 3*l.tasks()),
		p.line("requests to the API", "api-requests", 50*l.videos()),
		p.line("traces", "traces", invocations),
		p.line("logs", "logs", invocations*runLog),
	})
}

// encoding returns how many seconds the encoders run.
func (l Load) encoding(factor float64) (total float64) {
	cores := min(float64(memory("encode"))/oneCPU, 2) * busy
	for _, t := range l.plan.Tasks() {
		total += taskSpent
		if t.Kind == video.AudioTask {
			total += soundCPU * factor * videoMinutes * 60 // on one core
		} else {
			frames := t.To - t.From
			total += (videoCPU*l.plan.Rate.Seconds(frames) + frameCPU*float64(frames)) * factor / cores
		}
	}
	return total * l.videos()
}

// segments returns how many segments are written, of pictures and of sound.
func (l Load) segments() float64 {
	each := float64(l.plan.Frames()) / float64(l.plan.SegmentFrames)
	return each * float64(len(l.plan.Renditions)+1) * l.videos()
}

func memory(service string) int {
	s, _ := services.Lookup(service)
	return s.Memory
}

func gigabytes(service string) float64 { return float64(memory(service)) / 1024 }

func disk(service string) float64 {
	s, _ := services.Lookup(service)
	return float64(max(s.Disk-512, 0)) / 1024
}

// MediaConvert returns what AWS's own transcoder asks for the same renditions, at its basic tier, before discounts for
// volume. A rendition is SD below 720 lines; frame rates above 30 cost more in HD, and are taken not to in SD.
func MediaConvert(p Prices, l Load) []Line {
	var lines []Line
	for _, r := range l.plan.Renditions {
		price := "mediaconvert-sd"
		switch {
		case r.Height >= 720 && l.FPS > 30:
			price = "mediaconvert-hd-60"
		case r.Height >= 720:
			price = "mediaconvert-hd"
		}
		lines = append(lines, p.line("MediaConvert", price, 1000))
	}
	return merge(lines)
}
