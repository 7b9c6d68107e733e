package lambdaenv

import (
	"cmp"
	"slices"
	"strings"
)

// Where a function finds things, as on Lambda.
const (
	// TaskRoot is where a function finds its own package.
	TaskRoot = "/var/task"
	// ToolsDir is where a function finds the programs of its layer.
	ToolsDir = "/opt/bin"
)

// lambdaVariables are what Lambda sets in the environment of every function, with the same value:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime. HOME and
// TMPDIR are not among them.
var lambdaVariables = []string{
	"LANG=en_US.UTF-8",
	"TZ=:UTC",
	"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
	"LD_LIBRARY_PATH=/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
	"LAMBDA_TASK_ROOT=" + TaskRoot,
	"LAMBDA_RUNTIME_DIR=/var/runtime",
	"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
	"AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
}

// buildEnvironment returns the variables of a function, from those that the emulator gave the launcher: what Lambda
// sets, what the function's configuration sets, and where the emulator's services are. The last is all that a function
// could not find on Lambda.
func buildEnvironment(given []string) []string {
	env := slices.Clone(lambdaVariables)
	for _, entry := range given {
		name, _, _ := strings.Cut(entry, "=")
		isSet := slices.ContainsFunc(lambdaVariables, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		if !isSet && IsFunctionVariable(name) {
			env = append(env, entry)
		}
	}
	slices.SortStableFunc(env, func(a, b string) int { return cmp.Compare(a, b) })
	return env
}

// IsFunctionVariable reports whether a function may see the variable of that name: it is one that Lambda sets, its own
// (SLUICE_…), or the address of an emulated service. Everything else is the emulator's.
func IsFunctionVariable(name string) bool {
	switch name {
	case "SLUICE_CLOUD", "SLUICE_DEPLOY": // marks of the cloud's processes
		return false
	case "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN":
		return true
	}
	return slices.ContainsFunc([]string{"SLUICE_", "AWS_LAMBDA_", "AWS_XRAY_", "AWS_ENDPOINT_URL"},
		func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
