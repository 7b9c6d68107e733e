package costmodel

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestWorkloadCostsAtMostAShareOfMediaConvert(t *testing.T) {
	t.Parallel()
	p := LoadPrices()
	for _, fps := range []int{25, 30, 50, 60} {
		load := NewWorkload(fps)
		theirs := TotalCost(MediaConvertCost(p, load))
		for _, factor := range SlownessFactors {
			if ours := TotalCost(WorkloadCost(p, load, factor)); ours > MaxMediaConvertShare*theirs ||
				ours < 0.02*theirs {
				t.Errorf("%d frames a second, factor %v: $%.2f for $%.2f", fps, factor, ours, theirs)
			}
		}
	}
}

func TestMediaConvertCost(t *testing.T) {
	t.Parallel()
	for fps, want := range map[int]float64{30: 2*15 + 7.5, 60: 2*30 + 7.5} { // 1080p, 720p and 480p
		if usd := TotalCost(MediaConvertCost(LoadPrices(), NewWorkload(fps))); math.Abs(usd-want) > 1e-9 {
			t.Errorf("%d frames a second: $%v, want $%v", fps, usd, want)
		}
	}
}

// CPU time grows with the slowness factor; the rest of a task does not.
func TestEncodingTimeGrowsWithSlowness(t *testing.T) {
	t.Parallel()
	load := NewWorkload(30)
	once, twice := load.encodingSeconds(1), load.encodingSeconds(2)
	waits := taskOverheadSeconds * load.taskCount()
	if math.Abs((twice-waits)-2*(once-waits)) > 1e-6 {
		t.Errorf("%v seconds, and %v when twice as slow; %v of them do not encode", once, twice, waits)
	}
}

func TestSegmentCount(t *testing.T) {
	t.Parallel()
	// segments of two seconds; three renditions and audio
	if got, want := NewWorkload(30).segmentCount(), 1000*30*4.0; got != want {
		t.Errorf("%v segments, want %v", got, want)
	}
}

func TestPricesAreComplete(t *testing.T) {
	t.Parallel()
	p := LoadPrices()
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil || p.Region == "" || len(p.Prices) < 20 {
		t.Errorf("%d prices of %q on %q: %v", len(p.Prices), p.Region, p.Date, err)
	}
	for name, price := range p.Prices {
		if price.USD <= 0 || price.Per <= 0 || price.Of == "" ||
			!strings.HasPrefix(price.Source, "https://aws.amazon.com/") {
			t.Errorf("%s: %+v", name, price)
		}
	}
}

func TestUnknownPricePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("newLine returned a price")
		}
	}()
	LoadPrices().newLine("lunch", "free", 1)
}

func TestFormatQuantity(t *testing.T) {
	t.Parallel()
	for q, want := range map[float64]string{
		0: "0", 1: "1", 0.03: "0.03", 9.5: "9.50", 12.3: "12", 999: "999", 1000: "1,000", 1_234_567: "1,234,567",
	} {
		if got := formatQuantity(q); got != want {
			t.Errorf("%v is written %s, want %s", q, got, want)
		}
	}
}
