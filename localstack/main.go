// Command localstack sets up and runs the local cloud; `make up deploy-local` calls it. Package cloud does the work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"sluice/localstack/cloud"
)

const usage = `usage: build/localstack COMMAND

  install        the emulator, the CDK command line and prettier, as pinned, into build/
  tools          ffmpeg, ffprobe and footage, as pinned, into build/
  layer ARCH     the Lambda layer of ffmpeg for arm64 or amd64, into build/layer/
  needs          say what this machine lacks for the local cloud (exit code 1: something)
  up             start the local cloud (CLOUD: ministack or localstack; SLUICE_PORT: its port)
  down           stop it, with all that is in it
  status         tell whether it runs (exit code 1: it does not)
  deploy         put Sluice into it (after make build)
  conditions     show which of AWS Lambda's conditions hold for functions in it (SLUICE_LAMBDA: on or off)
  env            print settings for a shell: eval "$(build/localstack env)"
  token TENANT   print a token for a tenant, made if it is new (SCOPES: what it may do; SLUICE_API: of that API on AWS)

`

func main() {
	if cloud.IsCollector(os.Args) {
		if err := cloud.RunCollector(); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	flag.Parse()
	// The first Ctrl-C ends the running step and its child processes; a second one ends this process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if err := run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := cloud.FindRoot(".")
	if err != nil {
		return err
	}
	c, err := cloud.New(root, os.Stderr)
	if err != nil {
		return err
	}
	command, arg, err := parseArgs(args)
	if err != nil {
		return err
	}
	switch command {
	case "install":
		return c.Install(ctx)
	case "tools":
		return c.InstallTools(ctx)
	case "layer":
		_, err := c.BuildLayer(ctx, arg)
		return err
	case "needs":
		return c.CheckNeeds(ctx)
	case "up":
		return c.Up(ctx)
	case "down":
		return c.Down(ctx)
	case "status":
		return c.Status(ctx)
	case "deploy":
		return c.Deploy(ctx)
	case "conditions":
		return c.PrintConditions(ctx)
	case "env":
		return printEnv(root)
	default: // parseArgs accepts no other command
		return printToken(ctx, root, arg)
	}
}

// parseArgs returns the command and, if the command takes one, its argument.
func parseArgs(args []string) (command, arg string, err error) {
	takes := map[string]string{
		"install": "", "tools": "", "layer": "ARCH", "needs": "", "up": "", "down": "", "status": "", "deploy": "", "conditions": "", "env": "", "token": "TENANT",
	}
	if len(args) == 0 {
		return "", "", errors.New("say what to do; --help lists the commands")
	}
	takesOne, ok := takes[args[0]]
	switch {
	case !ok:
		return "", "", fmt.Errorf("there is no command %q; --help lists the commands", args[0])
	case takesOne == "" && len(args) == 1:
		return args[0], "", nil
	case takesOne == "":
		return "", "", fmt.Errorf("%s takes no argument", args[0])
	case len(args) != 2:
		return "", "", fmt.Errorf("%s takes one argument: %s", args[0], takesOne)
	}
	return args[0], args[1], nil
}

func printEnv(root string) error {
	env, err := cloud.Open(root)
	if err != nil {
		return err
	}
	for _, entry := range env.EnvVars() {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Printf("export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	return nil
}

func printToken(ctx context.Context, root, tenant string) error {
	operator, err := cloud.NewAdminClient(ctx, root)
	if err != nil {
		return err
	}
	token, err := operator.CreateToken(ctx, tenant, strings.Fields(os.Getenv("SCOPES"))...)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}
