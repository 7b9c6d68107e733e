package costmodel

import (
	"strings"
	"testing"
)

func TestRenderPageHasAllTables(t *testing.T) {
	t.Parallel()
	p := LoadPrices()
	page, err := RenderPage(p, []Line{p.newLine("secrets", "secret", 1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		p.Date, "| secrets | 1 secrets | 0.40 |", "| all |  | 0.40 |", "60 frames a second | half as fast",
		"| encoding |", "\n- https://aws.amazon.com/sqs/pricing/\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
	if strings.Contains(page, "<no value>") {
		t.Error("the page uses a name that has no value")
	}
}

func TestTableFormats(t *testing.T) {
	t.Parallel()
	table := Table{{"what", "$"}, {"secrets", "0.40"}}
	if got, want := table.String(), "what     $\nsecrets  0.40\n"; got != want {
		t.Errorf("on a terminal %q, want %q", got, want)
	}
	if got, want := formatMarkdown(table), "| what | $ |\n|---|---|\n| secrets | 0.40 |"; got != want {
		t.Errorf("in Markdown %q, want %q", got, want)
	}
}
