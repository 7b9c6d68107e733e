package main

import (
	"fmt"
	"io"
)

// printReport writes the findings for people, each command on a line of its own so that it can be copied.
func printReport(out io.Writer, a account, findings []finding) {
	fmt.Fprintf(out, "account %s, %s, as %s\n\n", a.id, a.region, a.caller)
	for _, v := range findings {
		fmt.Fprintf(out, "%-8s %-21s %s\n", v.severity, v.subject, v.message)
		if v.command != "" {
			fmt.Fprintf(out, "         %s\n", v.command)
		}
	}
	fmt.Fprintf(out, "\n%s\n", conclude(worstSeverity(findings)))
}

func conclude(g severity) string {
	switch g {
	case severityMissing:
		return "Sluice cannot be deployed here yet: see what is missing."
	case severityLow:
		return "Sluice can be deployed here, and will be slower than asked for: see what is low."
	case severityUnknown:
		return "Nothing is known to be missing, but not all could be read."
	}
	return "Sluice can be deployed here."
}
