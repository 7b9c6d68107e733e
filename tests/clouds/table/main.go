// Command table records the outcome of each test on each local cloud.
//
//	go test -json … | table run ministack   prints failures and records the outcome of each test
//	table show                              writes build/clouds.json and prints the table
//
// It fails if a test failed or, if all clouds were used, if a test ran on none of them.
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

const resultFolder = "build/clouds"

func main() {
	if err := runCommand(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func runCommand(args []string, in io.Reader, out io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "run" && slices.Contains(clouds.LocalClouds, args[1]):
		return recordRun(args[1], in, out)
	case len(args) == 1 && args[0] == "show":
		return showTable(out)
	}
	return errors.New("say `run CLOUD` or `show`")
}

func recordRun(cloud string, in io.Reader, out io.Writer) error {
	tests, err := readEvents(in, out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(resultFolder, 0o755); err != nil {
		return err
	}
	return errors.Join(writeJSON(filepath.Join(resultFolder, cloud+".json"), tests), tests.firstFailure())
}

func showTable(out io.Writer) error {
	asked := map[string]cloudOutcomes{}
	for _, cloud := range clouds.LocalClouds {
		tests, err := loadOutcomes(filepath.Join(resultFolder, cloud+".json"))
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
	rows := compareClouds(asked)
	if err := writeJSON("build/clouds.json", rows); err != nil {
		return err
	}
	printTable(out, rows)
	return checkRows(rows, len(asked) == len(clouds.LocalClouds))
}
