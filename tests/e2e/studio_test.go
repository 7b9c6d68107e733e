//go:build integration

package e2e

import (
	"os"
	"slices"
	"testing"
	"time"

	"sluice/localstack/cloud"
	"sluice/tests/browser"
	"sluice/tests/clouds"
)

// TestStudioScenesSucceedOnDeployment plays scenes in the deployed studio: uploading and watching a video, keeping the
// token secret, cancelling, hostile names, and the keyboard alone. No other host may be requested.
func TestStudioScenesSucceedOnDeployment(t *testing.T) {
	clouds.SkipOnSecondCloud(t)
	t.Parallel()
	if err := browser.CheckAvailable(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d := openDeployment(t)
	token, err := cloud.AdminClient{URL: d.env.APIURL, AWS: d.aws}.CreateToken(t.Context(), "studio")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"uploadFile", "tokenSecrecy", "cancelUpload", "hostileNames", "keyboardOnly"} {
		t.Run(name, func(t *testing.T) {
			seen, err := browser.PlayStudioScene(t.Context(), d.root, d.env.APIURL+"/studio", browser.Scene{
				Name: name, Token: token, File: d.footagePath("bigbuckbunny.mp4"), Timeout: 2 * time.Minute,
				ScreenshotFolder: os.Getenv("SHOTS"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if all := slices.Concat(seen.ConsoleErrors, seen.ForeignRequests); len(all) > 0 {
				t.Errorf("errors or requests elsewhere: %q", all)
			}
			if name == "uploadFile" && (!slices.Contains(seen.States, "Processing") || seen.Spans < 6) {
				t.Errorf("states %q, %d spans", seen.States, seen.Spans)
			}
		})
	}
}
