#!/usr/bin/env bash
# Prints each thing that this machine lacks for the local cloud, a sentence each, and fails if there is any. It is a
# script because it has to run where Go is missing. Package cloud looks for Python and Node.js by the same rules.
set -uo pipefail

missing=0
report_missing() {
	echo "$*" >&2
	missing=1
}

# at_least MAJOR MINOR VERSION; the version may have letters around it: v22.1.0, go1.26.8.
at_least() {
	[[ $3 =~ ([0-9]+)\.([0-9]+) ]] || return 1
	((BASH_REMATCH[1] > $1 || BASH_REMATCH[1] == $1 && BASH_REMATCH[2] >= $2))
}

# is_usable_python PROGRAM: a Python that is new enough and can make a virtual environment.
is_usable_python() {
	"$1" -I -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

has_python() {
	local name
	for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
		is_usable_python "$name" && return
	done
	return 1
}

system=$(uname -s)
if [[ $system != Linux ]]; then
	report_missing "Sluice's local cloud needs Linux, or WSL 2 on Windows; this is $system."
fi
if ! command -v go >/dev/null; then
	report_missing "Go 1.26 or newer is needed, and there is no go on PATH."
elif ! at_least 1 26 "$(go env GOVERSION)"; then
	report_missing "Go 1.26 or newer is needed, and go on PATH is older: $(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null)."
fi
if ! has_python; then
	report_missing "Python 3.10 or newer is needed, with its module venv (on Debian and Ubuntu: apt install python3-venv)."
fi
if ! command -v node >/dev/null; then
	report_missing "Node.js 20 or newer is needed, and there is no node on PATH."
elif ! at_least 20 0 "$(node --version)"; then
	report_missing "Node.js 20 or newer is needed, and node on PATH is $(node --version)."
elif ! command -v npm >/dev/null; then
	report_missing "npm, which comes with Node.js, is needed, and there is none on PATH."
fi
exit "$missing"
