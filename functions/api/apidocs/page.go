package apidocs

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sluice/shared/domain/errs"
)

//go:embed page.css
var stylesheet string

// Page is the rendered page, with the Content-Security-Policy it needs: its stylesheet and nothing else.
type Page struct {
	HTML   []byte
	Policy string
}

// group are the operations with one tag.
type group struct {
	Name, Description string
	Operations        []operationView
}

type operationView struct {
	ID, Method, Path, Summary, Description, Caller string
	Parameters, Fields                             []field
	Example                                        string
	Responses                                      []responseView
}

type responseView struct {
	Status, Description, Example string
	Headers, Fields              []field
}

// Messages are those of one direction, with a heading.
type Messages struct {
	Heading string
	Types   []Message
}

// Message is an event type with an example, which is JSON.
type Message struct{ Type, Title, Example string }

// Render returns the page of an OpenAPI document, with messages and the list of changes: lines of Markdown, of which
// headings and items of lists are shown. Internal: the document is not one.
func Render(openapi []byte, messages []Messages, changes string) (Page, error) {
	const op = "apidocs.Render"
	var d document
	if err := json.Unmarshal(openapi, &d); err != nil {
		return Page{}, errs.E(op, errs.Internal, err)
	}
	groups, err := d.listGroups()
	if err != nil {
		return Page{}, errs.E(op, errs.Internal, err)
	}
	var w writer
	w.writeHead(d.Info.Title)
	w.writeNavigation(d, groups)
	w.printf("<main id=\"top\">\n<h1>%s API</h1>\n", d.Info.Title)
	w.writeParagraph(d.Info.Description)
	w.WriteString("<p>For programs: the <a href=\"v1/openapi.json\">OpenAPI document</a>, of which this page is made.</p>\n")
	for _, g := range groups {
		w.printf("<h2>%s</h2>\n", g.Name)
		w.writeParagraph(g.Description)
		for _, o := range g.Operations {
			w.writeOperation(o)
		}
	}
	w.WriteString("<h2 id=\"problem\">Errors</h2>\n")
	w.writeParagraph("A response with a status of 400 or above is a problem document (RFC 9457), `application/problem+json`.")
	w.writeFields(d.listFields(d.Components.Schemas["Problem"], "", nil))
	w.writeMessages(messages)
	w.writeChanges(changes)
	w.WriteString("</main>\n</body>\n</html>\n")
	sum := sha256.Sum256([]byte(stylesheet))
	return Page{w.Bytes(), "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}, nil
}

// listGroups returns the operations by their tags, in the order of the tags, then by path and method.
func (d *document) listGroups() ([]group, error) {
	var groups []group
	for _, tag := range d.Tags {
		groups = append(groups, group{Name: tag.Name, Description: tag.Description})
	}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		item := d.Paths[path]
		var shared []parameter
		if text, ok := item["parameters"]; ok {
			if err := json.Unmarshal(text, &shared); err != nil {
				return nil, err
			}
		}
		for _, method := range slices.Sorted(maps.Keys(item)) {
			if method == "parameters" {
				continue
			}
			var op operation
			if err := json.Unmarshal(item[method], &op); err != nil {
				return nil, err
			}
			for i := range groups {
				if slices.Contains(op.Tags, groups[i].Name) {
					groups[i].Operations = append(groups[i].Operations,
						d.viewOperation(strings.ToUpper(method), path, op, shared))
				}
			}
		}
	}
	return groups, nil
}

func (d *document) viewOperation(method, path string, op operation, shared []parameter) operationView {
	v := operationView{
		ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description,
		Caller: describeCaller(op),
	}
	for _, p := range append(shared, op.Parameters...) {
		if p.Ref != "" {
			p = d.Components.Parameters[refName(p.Ref)]
		}
		s := d.resolve(p.Schema)
		v.Parameters = append(v.Parameters, field{
			Name: p.Name, Type: p.In + ", " + d.describeType(s), Limits: d.describeLimits(s), Required: p.Required,
			Description: cmp.Or(p.Description, s.Description),
		})
	}
	v.Fields, v.Example = d.viewContent(op.RequestBody.Content)
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		v.Responses = append(v.Responses, d.viewResponse(status, op.Responses[status]))
	}
	return v
}

// viewResponse returns a response. The fields of an error are shown once, for all of them.
func (d *document) viewResponse(status string, r response) responseView {
	if r.Ref != "" {
		return responseView{Status: status, Description: d.Components.Responses[refName(r.Ref)].Description}
	}
	v := responseView{Status: status, Description: r.Description}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		h := r.Headers[name]
		if h.Ref != "" {
			h = d.Components.Headers[refName(h.Ref)]
		}
		v.Headers = append(v.Headers, field{Name: name, Description: h.Description})
	}
	v.Fields, v.Example = d.viewContent(r.Content)
	return v
}

// viewContent returns the fields and an example of a JSON body, nothing without one.
func (d *document) viewContent(content map[string]mediaType) ([]field, string) {
	media, ok := content["application/json"]
	if !ok {
		return nil, ""
	}
	fields := d.listFields(media.Schema, "", nil)
	if len(fields) == 0 {
		return nil, ""
	}
	var example strings.Builder
	e := json.NewEncoder(&example)
	e.SetEscapeHTML(false) // writeExample does
	e.SetIndent("", "  ")
	if err := e.Encode(d.buildExample(media.Schema, nil)); err != nil {
		return fields, "" // it comes from JSON
	}
	return fields, example.String()
}

// describeCaller returns who may send a request.
func describeCaller(op operation) string {
	for _, one := range op.Security {
		for scheme := range one {
			switch {
			case scheme == "iam":
				return "signed with AWS credentials of the account"
			case op.Scope != "":
				return "token with the scope " + op.Scope
			default:
				return "any token"
			}
		}
	}
	return "anyone"
}

// change is a heading of the list of changes with its items.
type change struct {
	Heading string
	Items   []string
}

// linkPattern matches a link, with its text. Those of the list of changes lead to files of the repository.
var linkPattern = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// listChanges returns the headings of Markdown with the items below each, without links.
func listChanges(markdown string) (all []change) {
	for line := range strings.Lines(linkPattern.ReplaceAllString(markdown, "$1")) {
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, "## "):
			all = append(all, change{Heading: text[len("## "):]})
		case len(all) == 0 || text == "":
		case strings.HasPrefix(text, "- "):
			last := &all[len(all)-1]
			last.Items = append(last.Items, text[len("- "):])
		default: // goes on with the item before
			if items := all[len(all)-1].Items; len(items) > 0 {
				items[len(items)-1] += " " + text
			}
		}
	}
	return all
}
