package bill

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestAThousandMinutesCostAShareOfMediaConvert is the measure of the design: at most a quarter, same renditions.
func TestAThousandMinutesCostAShareOfMediaConvert(t *testing.T) {
	t.Parallel()
	p := List()
	for _, fps := range []int{25, 30, 50, 60} {
		load := NewLoad(fps)
		theirs := Total(MediaConvert(p, load))
		for _, factor := range Factors {
			if ours := Total(Minutes(p, load, factor)); ours > Share*theirs || ours < 0.02*theirs {
				t.Errorf("%d frames a second, factor %v: $%.2f for $%.2f", fps, factor, ours, theirs)
			}
		}
	}
}

func TestMediaConvert(t *testing.T) {
	t.Parallel()
	for fps, want := range map[int]float64{30: 2*15 + 7.5, 60: 2*30 + 7.5} { // 1080p, 720p and 480p
		if usd := Total(MediaConvert(List(), NewLoad(fps))); math.Abs(usd-want) > 1e-9 {
			t.Errorf("%d frames a second: $%v, want $%v", fps, usd, want)
		}
	}
}

// TestSlowerCoresCostMore: the processors' time is most of it, and all of that grows with the factor.
func TestSlowerCoresCostMore(t *testing.T) {
	t.Parallel()
	load := NewLoad(30)
	once, twice := load.encoding(1), load.encoding(2)
	waits := taskSpent * load.tasks()
	if math.Abs((twice-waits)-2*(once-waits)) > 1e-6 {
		t.Errorf("%v seconds, and %v when twice as slow; %v of them do not encode", once, twice, waits)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	if got, want := NewLoad(30).segments(), 1000*30*4.0; got != want { // of two seconds, three pictures and sound
		t.Errorf("%v segments, want %v", got, want)
	}
}

// TestPricesAreWhole: an entry without a part of it would be a price of nothing.
func TestPricesAreWhole(t *testing.T) {
	t.Parallel()
	p := List()
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil || p.Region == "" || len(p.Prices) < 20 {
		t.Errorf("%d prices of %q on %q: %v", len(p.Prices), p.Region, p.Date, err)
	}
	for name, price := range p.Prices {
		if price.USD <= 0 || price.Per <= 0 || price.Of == "" || !strings.HasPrefix(price.Source, "https://aws.amazon.com/") {
			t.Errorf("%s: %+v", name, price)
		}
	}
}

func TestAnUnknownPricePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("it had a price")
		}
	}()
	List().line("lunch", "free", 1)
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	for q, want := range map[float64]string{0: "0", 1: "1", 0.03: "0.03", 9.5: "9.50", 12.3: "12", 999: "999", 1000: "1,000", 1_234_567: "1,234,567"} {
		if got := quantity(q); got != want {
			t.Errorf("%v is written %s, want %s", q, got, want)
		}
	}
}
