package main

import "testing"

func TestParseArgs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		args         []string
		command, arg string
		err          string
	}{
		{"nothing", nil, "", "", "say what to do; --help lists the commands"},
		{"unknown", []string{"start"}, "", "", `there is no command "start"; --help lists the commands`},
		{"plain", []string{"up"}, "up", "", ""},
		{"too much", []string{"up", "x"}, "", "", "up takes no argument"},
		{"with its argument", []string{"token", "acme"}, "token", "acme", ""},
		{"without its argument", []string{"token"}, "", "", "token takes one argument: TENANT"},
	} {
		command, arg, err := parseArgs(c.args)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if command != c.command || arg != c.arg || got != c.err {
			t.Errorf("%s: parse(%q) = %q, %q, %q", c.name, c.args, command, arg, got)
		}
	}
}
