// Command trace draws the spans of one video, as GET /v1/videos/{id}/trace returns them: what each service did and
// when, how long its messages waited, and how long its calls took. `make trace` runs it; with SLUICE_API set, it uses
// that API on AWS.
//
// It needs the permissions of an operator to create a token (see package cloud), and no others.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"sluice/shared/domain/traceview"
	"sluice/tests/cli"
	"sluice/tests/client"
)

func main() {
	cli.Main(func(ctx context.Context) int { return runCommand(ctx, os.Args[1:], os.Stdout, os.Stderr) })
}

// runCommand runs the command with the given arguments and returns its exit status.
func runCommand(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("trace", flag.ContinueOnError)
	flags.SetOutput(errs)
	video := flags.String("video", "", "the `id` of the video")
	tenant := flags.String("tenant", "demo", "the `name` of the tenant whose video it is")
	if err := flags.Parse(args); err != nil {
		return cli.UsageStatus(err)
	}
	if *video == "" || flags.NArg() > 0 {
		fmt.Fprintln(errs, "error: say which video, and whose: make trace VIDEO=vid_… TENANT=demo")
		return cli.ExitUsage
	}
	c, err := cli.NewClient(ctx, *tenant)
	if err == nil {
		err = printTrace(ctx, c, *video, out)
	}
	if err != nil {
		fmt.Fprintln(errs, "error:", err)
		return cli.ExitFailed
	}
	return 0
}

// printTrace draws all recorded spans of a video.
func printTrace(ctx context.Context, c *client.Client, video string, out io.Writer) error {
	text, err := c.GetTrace(ctx, video)
	if err != nil {
		return err
	}
	var fall traceview.Waterfall
	if err := json.Unmarshal(text, &fall); err != nil {
		return err
	}
	_, err = io.WriteString(out, fall.DrawText(true, 0))
	return err
}
