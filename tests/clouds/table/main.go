// Command table keeps what became of each test on each local cloud.
//
//	go test -json … | table run ministack   shows what failed, and keeps what became of each test
//	table show                              writes build/clouds.json and prints the table
//
// It fails if a test failed or, when all clouds were asked, if a test ran on none of them.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"sluice/tests/clouds"
)

const folder = "build/clouds"

func main() {
	if err := command(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func command(args []string, in io.Reader, out io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "run" && slices.Contains(clouds.Local, args[1]):
		return run(args[1], in, out)
	case len(args) == 1 && args[0] == "show":
		return show(out)
	}
	return errors.New("say `run CLOUD` or `show`")
}

func run(cloud string, in io.Reader, out io.Writer) error {
	tests, err := read(in, out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return errors.Join(write(filepath.Join(folder, cloud+".json"), tests), tests.failure())
}

func show(out io.Writer) error {
	asked := map[string]results{}
	for _, cloud := range clouds.Local {
		tests, err := load(filepath.Join(folder, cloud+".json"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		asked[cloud] = tests
	}
	if len(asked) == 0 {
		return errors.New("no test has run on any cloud")
	}
	rows := compare(asked)
	if err := write("build/clouds.json", rows); err != nil {
		return err
	}
	draw(out, rows)
	return check(rows, len(asked) == len(clouds.Local))
}
