package main

import (
	"fmt"
	"io"
)

// printReport writes the findings for people, each command on a line of its own so that it can be copied.
func printReport(out io.Writer, a account, findings []finding) {
	fmt.Fprintf(out, "account %s, %s, as %s\n\n", a.id, a.region, a.caller)
	for _, f := range findings {
		fmt.Fprintf(out, "%-8s %-21s %s\n", f.severity, f.subject, f.message)
		if f.command != "" {
			fmt.Fprintf(out, "         %s\n", f.command)
		}
	}
	fmt.Fprintf(out, "\n%s\n", conclusions[worstSeverity(findings)])
}

// conclusions has the last line of a report, by its worst severity.
var conclusions = [...]string{
	severityOK:       "Sluice can be deployed here.",
	severityUnknown:  "Nothing is known to be missing, but not all could be read.",
	severityLow:      "Sluice can be deployed here, and will be slower than asked for, or show less: see what is low.",
	severityConflict: "A deployment with these settings would replace what others use: see the conflict.",
	severityMissing:  "Sluice cannot be deployed here yet: see what is missing.",
}
