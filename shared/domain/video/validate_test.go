package video_test

import (
	"testing"

	"pgregory.net/rapid"

	"sluice/shared/domain/video"
)

func TestValidateTaskAcceptsEveryTaskOfPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := video.Plan{
			Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: rapid.IntRange(1, 120).Draw(t, "segment"),
			Borders: []int{0}, Audio: rapid.Bool().Draw(t, "audio"),
		}
		p.AudioInChunks = p.Audio && rapid.Bool().Draw(t, "audio in chunks")
		for range rapid.IntRange(0, 5).Draw(t, "chunks") {
			p.Borders = append(p.Borders, p.FrameCount()+p.SegmentFrames*rapid.IntRange(1, 4).Draw(t, "segments"))
		}
		p.Borders = append(p.Borders, p.FrameCount()+rapid.IntRange(1, 300).Draw(t, "rest"))
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, task := range p.Tasks() {
			if err := task.Validate(); err != nil {
				t.Fatalf("%+v: %v", task, err)
			}
			if err := p.Outline().ValidateTask(task); err != nil {
				t.Fatalf("%+v: %v", task, err)
			}
		}
	})
}

func TestValidateRejectsPlans(t *testing.T) {
	good := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 100, 210}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*video.Plan){
		"nothing":          func(p *video.Plan) { *p = video.Plan{} },
		"rate over zero":   func(p *video.Plan) { p.Rate.Den = 0 },
		"no rate":          func(p *video.Plan) { p.Rate.Num = 0 },
		"no segments":      func(p *video.Plan) { p.SegmentFrames = 0 },
		"no borders":       func(p *video.Plan) { p.Borders = nil },
		"one border":       func(p *video.Plan) { p.Borders = []int{0} },
		"not from zero":    func(p *video.Plan) { p.Borders = []int{50, 100} },
		"back":             func(p *video.Plan) { p.Borders = []int{0, 100, 50} },
		"in place":         func(p *video.Plan) { p.Borders = []int{0, 100, 100} },
		"within a segment": func(p *video.Plan) { p.Borders = []int{0, 101, 210} },
		"no sound":         func(p *video.Plan) { p.AudioInChunks = true },
	} {
		p := good
		if spoil(&p); p.Validate() == nil {
			t.Errorf("%s: %+v is taken", name, p)
		}
	}
}

func TestValidateRejectsTasks(t *testing.T) {
	p := video.Plan{Rate: video.Rate{Num: 25, Den: 1}, SegmentFrames: 50, Borders: []int{0, 210}, Audio: true}
	for name, task := range map[string]video.Task{
		"no kind":      {From: 0, To: 50, Segment: 1},
		"no frames":    {Kind: video.VideoTask, From: 50, To: 50, Segment: 2},
		"before zero":  {Kind: video.VideoTask, From: -50, To: 50, Segment: 1},
		"no number":    {Kind: video.VideoTask, Number: -1, To: 50, Segment: 1},
		"segment zero": {Kind: video.VideoTask, To: 50},
	} {
		if task.Validate() == nil {
			t.Errorf("%s: %+v is taken", name, task)
		}
	}
	inChunks := p
	inChunks.AudioInChunks = true
	if sound := (video.Task{Kind: video.AudioTask, To: 210, Segment: 1, Last: true}); p.ValidateTask(sound) != nil ||
		inChunks.ValidateTask(sound) == nil {
		t.Error("an audio task fits a plan with the audio in its chunks, or does not fit another")
	}
	for name, task := range map[string]video.Task{
		"too far":         {Kind: video.VideoTask, From: 200, To: 211, Segment: 5, Last: true},
		"last in between": {Kind: video.VideoTask, From: 0, To: 100, Segment: 1, Last: true},
		"end not last":    {Kind: video.VideoTask, From: 200, To: 210, Segment: 5},
		"within segment":  {Kind: video.VideoTask, From: 10, To: 100, Segment: 1},
		"wrong segment":   {Kind: video.VideoTask, From: 50, To: 100, Segment: 1},
		"part of sound":   {Kind: video.AudioTask, From: 50, To: 210, Segment: 2, Last: true},
	} {
		if err := task.Validate(); err != nil {
			t.Fatal(err)
		}
		if p.ValidateTask(task) == nil {
			t.Errorf("%s: %+v is held", name, task)
		}
	}
}
