package cloud

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	nameWidth = 46                // of a step's name: the seconds stand in one column
	stepWidth = nameWidth + 9 + 2 // with the seconds and, after a Ctrl-C, ^C
)

// fitsTerminal tells whether out is a terminal on which a step fits in one line, so that it can be written over.
func fitsTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	return err == nil && width > stepWidth
}

// showElapsedTime writes the name of a step and, on a terminal, each second the seconds so far. When stop returns, the cursor is
// behind the name again, and nothing more is written.
func (c *Cloud) showElapsedTime(name string) (stop func()) {
	fmt.Fprintf(c.Out, "%-*s", nameWidth, name)
	if !c.liveProgress {
		return func() {}
	}
	ended := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for second := 1; ; second++ {
			select {
			case <-ticker.C:
				fmt.Fprintf(c.Out, "\r%-*s %4d   s", nameWidth, name, second)
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		writer.Wait()
		fmt.Fprintf(c.Out, "\r%-*s", nameWidth, name)
	}
}
