// Package pipes connects a process to a reader and a writer.
package pipes

import (
	"errors"
	"io"
	"os"
	"sync"
)

// Pipes has the ends that a process gets, which are files; nil where there is no reader or no writer.
type Pipes struct {
	Stdin  io.Reader
	Stdout io.Writer

	files   []*os.File
	copying sync.WaitGroup
}

// Connect makes pipes through which a process can read what in has, and write to out, and begins to copy. Either may be
// nil.
func Connect(in io.Reader, out io.Writer) (p *Pipes, err error) {
	p = &Pipes{}
	if in != nil {
		from, to, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		p.Stdin, p.files = from, append(p.files, from)
		p.copying.Go(func() {
			_, _ = io.Copy(to, in) // it fails when the process has ended; the reader knows its own errors
			to.Close()
		})
	}
	if out != nil {
		from, to, err := os.Pipe()
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.Stdout, p.files = to, append(p.files, to)
		p.copying.Go(func() {
			_, _ = io.Copy(out, from)
			from.Close()
		})
	}
	return p, nil
}

// Close ends the copying. It is called when the process has ended, and waits for the last byte, or for a Read or Write
// that is under way.
func (p *Pipes) Close() error {
	var err error
	for _, f := range p.files {
		err = errors.Join(err, f.Close())
	}
	p.copying.Wait()
	return err
}
