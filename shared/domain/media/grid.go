package media

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/shared/domain/video"
)

// gridRates are the frame rates of grids. With each of them, a frame lasts a whole number of ticks.
var gridRates = []video.Rate{
	{Num: 1, Den: 1}, {Num: 2, Den: 1}, {Num: 5, Den: 1}, {Num: 15, Den: 2}, {Num: 10, Den: 1}, {Num: 12, Den: 1},
	{Num: 25, Den: 2}, {Num: 15, Den: 1}, {Num: 20, Den: 1}, {Num: 24000, Den: 1001}, {Num: 24, Den: 1},
	{Num: 25, Den: 1},
	{Num: 30000, Den: 1001}, {Num: 30, Den: 1}, {Num: 50, Den: 1}, {Num: 60000, Den: 1001}, {Num: 60, Den: 1},
}

// ChooseGridRate returns the rate of the grid for a source, by ffprobe's r_frame_rate and avg_frame_rate
// ("30000/1001"): the one of gridRates nearest to the first, if both agree within 2 %, else nearest to the average. A
// source's own rate is never used directly: Matroska reports 19001/317 for 60000/1001. It fails with Invalid,
// frame_rate_unsupported, if neither is known or the rate is out of range.
func ChooseGridRate(rFrameRate, avgFrameRate string) (video.Rate, error) {
	nominal, average := parseQuotient(rFrameRate), parseQuotient(avgFrameRate)
	if average == 0 {
		average = nominal
	}
	if average <= 0 || average > maxSourceRate {
		return video.Rate{}, newInvalidError("media.ChooseGridRate", "frame_rate_unsupported",
			"The frame rate can't be used; send a video with 1 to 60 frames a second.")
	}
	wanted := average
	if math.Abs(nominal-average) <= 0.02*average {
		wanted = nominal
	}
	return slices.MinFunc(gridRates, func(a, b video.Rate) int {
		return cmp.Compare(rateDistance(a, wanted), rateDistance(b, wanted))
	}), nil
}

// rateDistance returns the distance between two rates by their ratio, so that 23.976 is as far from 24 as 59.94 is
// from 60.
func rateDistance(r video.Rate, wanted float64) float64 {
	return math.Abs(math.Log(r.Float() / wanted))
}

// VideoTimescale returns the ticks a second of video segments with a grid rate: the numerator of the x/1001 rates,
// else 512 ticks a frame.
func VideoTimescale(r video.Rate) int {
	if r.Den == 1001 {
		return r.Num
	}
	return 512 * r.Num / r.Den
}

// ticksPerFrame returns how many ticks a frame lasts.
func ticksPerFrame(r video.Rate) int64 { return int64(VideoTimescale(r)) * int64(r.Den) / int64(r.Num) }

// parseFraction parses "num/den", as ffprobe writes rates and time bases, or, with a colon, aspect ratios. ok is false
// unless both numbers are positive.
func parseFraction(s, sep string) (rate video.Rate, ok bool) {
	a, b, _ := strings.Cut(s, sep)
	num, err1 := strconv.Atoi(a)
	den, err2 := strconv.Atoi(b)
	return video.Rate{Num: num, Den: den}, err1 == nil && err2 == nil && num > 0 && den > 0
}

// parseQuotient returns the value of a fraction; 0 if it is not valid.
func parseQuotient(s string) float64 {
	r, ok := parseFraction(s, "/")
	if !ok {
		return 0
	}
	return r.Float()
}
