package main

import (
	"fmt"
	"io"
)

// show writes the verdicts for people, each command on a line of its own, to be copied.
func show(out io.Writer, a account, verdicts []verdict) {
	fmt.Fprintf(out, "account %s, %s, as %s\n\n", a.id, a.region, a.caller)
	for _, v := range verdicts {
		fmt.Fprintf(out, "%-8s %-21s %s\n", v.grade, v.what, v.says)
		if v.run != "" {
			fmt.Fprintf(out, "         %s\n", v.run)
		}
	}
	fmt.Fprintf(out, "\n%s\n", conclusion(worst(verdicts)))
}

func conclusion(g grade) string {
	switch g {
	case missing:
		return "Sluice cannot be deployed here yet: see what is missing."
	case low:
		return "Sluice can be deployed here, and will be slower than asked for: see what is low."
	case unknown:
		return "Nothing is known to be missing, but not all could be read."
	}
	return "Sluice can be deployed here."
}
