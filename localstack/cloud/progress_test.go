package cloud

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStepShowsElapsedSeconds(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("%-46s", "sleep")
	for _, tt := range []struct {
		name string
		live bool
		want string
	}{
		{"on a terminal", true, name + "\r" + name + "    1   s\r" + name + "    2   s\r" + name + "    2.5 s\n"},
		{"elsewhere", false, name + "    2.5 s\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				c := &Cloud{Out: &out, StepTimeout: time.Minute, liveProgress: tt.live}
				err := c.runStep(t.Context(), "sleep", func(context.Context) error {
					time.Sleep(2500 * time.Millisecond)
					return nil
				})
				if diff := cmp.Diff(tt.want, out.String()); err != nil || diff != "" {
					t.Errorf("error %v, printed (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

func TestBufferIsNotATerminal(t *testing.T) {
	t.Parallel()
	if fitsTerminal(&bytes.Buffer{}) {
		t.Error("a buffer is taken for a terminal")
	}
}
