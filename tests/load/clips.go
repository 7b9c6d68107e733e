package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// clip is made of real footage. It has few pixels, because the test is about queues, and it is long enough that four
// clips are more tasks than a tenant may have in flight. It is short enough that no task is in the bulk lane, so that
// waits in one lane are compared. The footage is repeated to this length.
type clip struct {
	name, footage string
	seconds       string
	filter        string
}

var clips = []clip{
	{"bunny-40s", "bigbuckbunny", "40", "scale=320:180"},
	{"bikes-56s", "bikes", "56", "scale=320:-2"},
	{"bunny-64s", "bigbuckbunny", "64", "hflip,scale=256:144"},
	{"bikes-48s", "bikes", "48", "hflip,scale=320:-2"},
}

// makeClips encodes the clips that don't exist yet and returns their folder.
func makeClips(ctx context.Context, root string) (string, error) {
	folder := filepath.Join(root, "build", "clips")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	for _, c := range clips {
		if _, err := os.Stat(c.filePath(folder)); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := c.encodeClip(ctx, root, folder); err != nil {
			return "", fmt.Errorf("cut the clip %s (make tools fetches footage): %w", c.name, err)
		}
	}
	return folder, nil
}

func (c clip) filePath(folder string) string { return filepath.Join(folder, c.name+".mp4") }

// encodeClip encodes to a temporary name and renames, so that a clip is complete if it exists.
func (c clip) encodeClip(ctx context.Context, root, folder string) error {
	source := filepath.Join(root, "build", "footage", c.footage+".mp4")
	part := c.filePath(folder) + ".part"
	cmd := exec.CommandContext(ctx, filepath.Join(root, "build", "tools", "ffmpeg"), "-v", "error", "-y",
		"-stream_loop", "-1", "-i", source, "-t", c.seconds, "-vf", c.filter, "-c:v", "libx264", "-preset", "veryfast",
		"-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart", "-f", "mp4", part)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(text)))
	}
	return os.Rename(part, c.filePath(folder))
}
