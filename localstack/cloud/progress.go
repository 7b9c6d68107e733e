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
	nameWidth = 46                // columns of a step's name
	stepWidth = nameWidth + 9 + 2 // and of its seconds and, after a Ctrl-C, of ^C
)

// fitsTerminal reports whether out is a terminal on which a step fits in one line, so that the line can be overwritten.
func fitsTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	return err == nil && width > stepWidth
}

// showElapsedTime prints the name of a step and, on a terminal, the elapsed seconds once a second. After stop returns,
// it prints nothing more and the cursor is behind the name.
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
