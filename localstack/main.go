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
  tools          ffmpeg, ffprobe, footage and AWS's service models, as pinned, into build/
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
	return commands[command].run(ctx, c, arg)
}

// commands has, for each command, the name of its argument ("": it takes none) and what it does.
var commands = map[string]struct {
	takes string
	run   func(ctx context.Context, c *cloud.Cloud, arg string) error
}{
	"install":    {"", withoutArg((*cloud.Cloud).Install)},
	"tools":      {"", withoutArg((*cloud.Cloud).InstallTools)},
	"needs":      {"", withoutArg((*cloud.Cloud).CheckNeeds)},
	"up":         {"", withoutArg((*cloud.Cloud).Up)},
	"down":       {"", withoutArg((*cloud.Cloud).Down)},
	"status":     {"", withoutArg((*cloud.Cloud).Status)},
	"deploy":     {"", withoutArg((*cloud.Cloud).Deploy)},
	"conditions": {"", withoutArg((*cloud.Cloud).PrintConditions)},
	"env":        {"", printEnv},
	"token":      {"TENANT", printToken},
	"layer": {"ARCH", func(ctx context.Context, c *cloud.Cloud, arch string) error {
		_, err := c.BuildLayer(ctx, arch)
		return err
	}},
}

func withoutArg(run func(*cloud.Cloud, context.Context) error) func(context.Context, *cloud.Cloud, string) error {
	return func(ctx context.Context, c *cloud.Cloud, _ string) error { return run(c, ctx) }
}

// parseArgs returns the command and, if the command takes one, its argument.
func parseArgs(args []string) (name, arg string, err error) {
	if len(args) == 0 {
		return "", "", errors.New("say what to do; --help lists the commands")
	}
	command, ok := commands[args[0]]
	switch {
	case !ok:
		return "", "", fmt.Errorf("there is no command %q; --help lists the commands", args[0])
	case command.takes == "" && len(args) == 1:
		return args[0], "", nil
	case command.takes == "":
		return "", "", fmt.Errorf("%s takes no argument", args[0])
	case len(args) != 2:
		return "", "", fmt.Errorf("%s takes one argument: %s", args[0], command.takes)
	}
	return args[0], args[1], nil
}

func printEnv(_ context.Context, c *cloud.Cloud, _ string) error {
	env, err := cloud.Open(c.Root)
	if err != nil {
		return err
	}
	for _, entry := range env.EnvVars() {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Printf("export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	return nil
}

func printToken(ctx context.Context, c *cloud.Cloud, tenant string) error {
	operator, err := cloud.NewAdminClient(ctx, c.Root)
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
