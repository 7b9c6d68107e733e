package apidocs

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// writer writes HTML. It is not html/template: a program that uses that one is a third larger
// (TestFunctionBinariesAreSmall).
type writer struct{ bytes.Buffer }

// printf formats text with arguments that are escaped as HTML.
func (w *writer) printf(format string, args ...string) {
	escaped := make([]any, len(args))
	for i, a := range args {
		escaped[i] = html.EscapeString(a)
	}
	fmt.Fprintf(w, format, escaped...)
}

// writeText writes text in which what is between backquotes is code.
func (w *writer) writeText(text string) {
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			w.printf("<code>%s</code>", part)
			continue
		}
		w.printf("%s", part)
	}
}

// writeParagraph writes text as a paragraph, nothing for "".
func (w *writer) writeParagraph(text string) {
	if text != "" {
		w.WriteString("<p>")
		w.writeText(text)
		w.WriteString("</p>\n")
	}
}

// writeHead writes what comes before the body, with the stylesheet.
func (w *writer) writeHead(title string) {
	w.printf("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s: the API</title>\n",
		title)
	w.WriteString("<style>" + stylesheet + "</style>\n</head>\n<body>\n")
}

func (w *writer) writeNavigation(d document, groups []group) {
	w.printf("<nav aria-label=\"Operations\">\n<a class=\"top\" href=\"#top\">%s API %s</a>\n", d.Info.Title,
		d.Info.Version)
	for _, g := range groups {
		w.printf("<p>%s</p>\n<ul>\n", g.Name)
		for _, o := range g.Operations {
			w.printf("<li><a href=\"#%s\"><b>%s</b> %s</a></li>\n", o.ID, o.Method, o.Path)
		}
		w.WriteString("</ul>\n")
	}
	w.WriteString("<p>more</p>\n<ul>\n<li><a href=\"#problem\">Errors</a></li>\n" +
		"<li><a href=\"#messages\">Messages</a></li>\n<li><a href=\"#changes\">Changes</a></li>\n</ul>\n</nav>\n")
}

func (w *writer) writeOperation(o operationView) {
	w.printf("<section id=\"%s\">\n<h3><b>%s</b> <code>%s</code></h3>\n", o.ID, o.Method, o.Path)
	w.writeParagraph(o.Summary + ". " + o.Description)
	w.printf("<p class=\"caller\">By: %s</p>\n", o.Caller)
	if len(o.Parameters) > 0 {
		w.WriteString("<h4>Parameters</h4>\n")
		w.writeFields(o.Parameters)
	}
	if len(o.Fields) > 0 {
		w.WriteString("<h4>Body</h4>\n")
		w.writeFields(o.Fields)
		w.writeExample(o.Example)
	}
	w.WriteString("<h4>Responses</h4>\n")
	for _, r := range o.Responses {
		w.printf("<div class=\"response\"><b>%s</b> ", r.Status)
		w.writeText(r.Description)
		w.WriteString("\n")
		if len(r.Headers) > 0 {
			w.writeFields(r.Headers)
		}
		if len(r.Fields) > 0 {
			w.WriteString("<details><summary>Body</summary>\n")
			w.writeFields(r.Fields)
			w.writeExample(r.Example)
			w.WriteString("</details>\n")
		}
		w.WriteString("</div>\n")
	}
	w.WriteString("</section>\n")
}

func (w *writer) writeFields(fields []field) {
	w.WriteString("<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">name</th>" +
		"<th scope=\"col\">type</th><th scope=\"col\">about</th></tr></thead>\n<tbody>\n")
	for _, f := range fields {
		w.printf("<tr><th scope=\"row\"><code>%s</code>", f.Name)
		if f.Required {
			w.WriteString(" <i>required</i>")
		}
		w.printf("</th><td>%s</td><td>", f.Type)
		w.writeText(f.Description)
		if f.Limits != "" {
			w.printf(" <code class=\"limits\">%s</code>", f.Limits)
		}
		w.WriteString("</td></tr>\n")
	}
	w.WriteString("</tbody></table></div>\n")
}

func (w *writer) writeExample(text string) { w.printf("<pre tabindex=\"0\">%s</pre>\n", text) }

func (w *writer) writeMessages(all []Messages) {
	w.WriteString("<h2 id=\"messages\">Messages</h2>\n")
	w.writeParagraph("CloudEvents 1.0 in structured JSON. The AsyncAPI document, `events/asyncapi.yaml` of the " +
		"repository, has the schema of each.")
	for _, m := range all {
		w.printf("<h3>%s</h3>\n", m.Heading)
		for _, t := range m.Types {
			w.printf("<section id=\"%s\">\n<h4><code>%s</code></h4>\n", t.Type, t.Type)
			w.writeParagraph(t.Title + ".")
			w.writeExample(t.Example)
			w.WriteString("</section>\n")
		}
	}
}

// writeChanges writes the headings and the items of the list of changes, which is Markdown.
func (w *writer) writeChanges(markdown string) {
	w.WriteString("<h2 id=\"changes\">Changes</h2>\n")
	for _, c := range listChanges(markdown) {
		w.printf("<h3>%s</h3>\n<ul>\n", c.Heading)
		for _, item := range c.Items {
			w.WriteString("<li>")
			w.writeText(item)
			w.WriteString("</li>\n")
		}
		w.WriteString("</ul>\n")
	}
}
