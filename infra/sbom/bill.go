package main

import (
	"cmp"
	"debug/buildinfo"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// bill is a CycloneDX document.
type bill struct {
	Format     string      `json:"bomFormat"`
	Version    string      `json:"specVersion"`
	Revision   int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

// component is a package. Its name is a purl too (https://github.com/package-url/purl-spec).
type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
}

func newBill(components []component) bill {
	slices.SortFunc(components, func(a, b component) int { return cmp.Compare(a.PURL, b.PURL) })
	return bill{
		Format: "CycloneDX", Version: "1.6", Revision: 1,
		Metadata: metadata{component{Type: "application", Name: "sluice"}}, Components: slices.Compact(components),
	}
}

func newComponent(kind, name, version string) component {
	purl := fmt.Sprintf("pkg:%s/%s@%s", kind, name, version)
	return component{Type: "library", Ref: purl, Name: name, Version: version, PURL: purl}
}

// listModules returns the modules in the executables <folder>/<service>/bootstrap, each once, and Go's standard
// library. It is an error if there is no executable.
func listModules(folder string) ([]component, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("there are no functions in %s: %w", folder, cmp.Or(err, os.ErrNotExist))
	}
	found := map[component]bool{}
	for _, file := range files {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, c := range linkedModules(info) {
			found[c] = true
		}
	}
	return slices.Collect(maps.Keys(found)), nil
}

// linkedModules returns the modules of one executable but for Sluice itself.
func linkedModules(info *debug.BuildInfo) []component {
	all := []component{newComponent("golang", "std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		all = append(all, newComponent("golang", m.Path, m.Version))
	}
	return all
}

var playerPattern = regexp.MustCompile(`is hls\.js (\d+\.\d+\.\d+) `)

// readPlayer returns hls.js with the version that the file at path names.
func readPlayer(path string) (component, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return component{}, err
	}
	version := playerPattern.FindSubmatch(text)
	if version == nil {
		return component{}, fmt.Errorf("%s names no version of hls.js", path)
	}
	return newComponent("npm", "hls.js", string(version[1])), nil
}

// readPackage returns a package of Python with the version that a file of pins has.
func readPackage(path, name string) (component, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return component{}, err
	}
	for line := range strings.Lines(string(text)) {
		if version, ok := strings.CutPrefix(line, name+"=="); ok {
			return newComponent("pypi", name, strings.TrimSuffix(strings.TrimSpace(version), ` \`)), nil
		}
	}
	return component{}, fmt.Errorf("%s does not pin %s", path, name)
}
