package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	module = "sluice/"
	sdk    = "github.com/aws/aws-sdk-go-v2/service/"
)

// program is the source of all functions, with types. What is not ours is known by its exported names only.
type program struct {
	files  *token.FileSet
	ours   map[string]*types.Package
	info   types.Info
	bodies map[*types.Func]ast.Node
	starts map[string][]ast.Node // by package: what runs before main
	others types.Importer
	deps   map[string][]string
	theirs map[*types.Interface]bool // interfaces of packages that ours import: their code calls through them
}

// listed is what `go list` says of a package.
type listedPackage struct {
	ImportPath, Dir, Export string
	GoFiles, Deps           []string
}

// load reads the functions' source and all of ours that it needs.
func load() (*program, error) {
	all, err := goList("../functions/...")
	if err != nil {
		return nil, err
	}
	p := &program{
		files: token.NewFileSet(), ours: map[string]*types.Package{}, bodies: map[*types.Func]ast.Node{},
		starts: map[string][]ast.Node{}, deps: map[string][]string{}, theirs: map[*types.Interface]bool{},
		info: types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
			Defs: map[*ast.Ident]types.Object{},
		},
	}
	export := map[string]string{}
	for _, l := range all {
		export[l.ImportPath] = l.Export
	}
	p.others = importer.ForCompiler(p.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(export[path]) })
	for _, l := range all { // each after those it imports
		p.deps[l.ImportPath] = l.Deps
		if !strings.HasPrefix(l.ImportPath, module) {
			continue
		}
		if err := p.check(l); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func goList(pattern string) ([]listedPackage, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Deps", pattern).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []listedPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var l listedPackage
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
}

// Import makes program the importer of our packages' imports.
func (p *program) Import(path string) (*types.Package, error) {
	if pkg := p.ours[path]; pkg != nil {
		return pkg, nil
	}
	return p.others.Import(path)
}

// check parses a package of ours and finds the types in it.
func (p *program) check(l listedPackage) error {
	var files []*ast.File
	for _, name := range l.GoFiles {
		f, err := parser.ParseFile(p.files, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	pkg, err := (&types.Config{Importer: p}).Check(l.ImportPath, p.files, files, &p.info)
	if err != nil {
		return err
	}
	p.ours[l.ImportPath] = pkg
	for _, other := range pkg.Imports() {
		p.note(other)
	}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			switch {
			case !ok:
				p.starts[l.ImportPath] = append(p.starts[l.ImportPath], d)
			case fn.Name.Name == "init" && fn.Recv == nil:
				p.starts[l.ImportPath] = append(p.starts[l.ImportPath], fn.Body)
			default:
				p.bodies[p.info.Defs[fn.Name].(*types.Func)] = fn
			}
		}
	}
	return nil
}

// note remembers the interfaces of a package that isn't ours.
func (p *program) note(pkg *types.Package) {
	if p.ours[pkg.Path()] != nil {
		return
	}
	for _, name := range pkg.Scope().Names() {
		t, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || !t.Exported() {
			continue
		}
		if i, ok := t.Type().Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
			p.theirs[i] = true
		}
	}
}

// walk is a look at all that one function may run. It errs on the side of too much: what is mentioned is called, and a
// method that is called through an interface is that of every type that is mentioned and has it. Reflection and code of
// others that is handed a client it would miss; but then the map grants what nobody seems to call, and the test fails.
type walk struct {
	*program
	seen  map[ast.Node]bool
	types map[*types.Named]bool // ours, mentioned, that may stand behind an interface
	calls map[*types.Func]bool  // methods of interfaces, mentioned
	does  map[string]bool       // operations of AWS, "s3.GetObject"
}

// operations returns what a function may ask of AWS.
func (p *program) operations(function string) map[string]bool {
	w := &walk{p, map[ast.Node]bool{}, map[*types.Named]bool{}, map[*types.Func]bool{}, map[string]bool{}}
	path := module + "functions/" + function
	for _, dep := range append(p.deps[path], path) {
		for _, n := range p.starts[dep] {
			w.visit(n)
		}
	}
	w.enter(p.ours[path].Scope().Lookup("main").(*types.Func))
	for before := -1; before < len(w.seen); {
		before = len(w.seen)
		for t := range maps.Clone(w.types) {
			w.behind(t)
		}
	}
	return w.does
}

// enter looks into a function of ours.
func (w *walk) enter(f *types.Func) {
	if body := w.bodies[f.Origin()]; body != nil {
		w.visit(body)
	}
}

// behind looks into the methods of a type that may be called through interfaces.
func (w *walk) behind(n *types.Named) {
	t := types.NewPointer(n) // which has the methods of the type itself too
	methods := types.NewMethodSet(t)
	enter := func(f *types.Func) {
		if m := methods.Lookup(f.Pkg(), f.Name()); m != nil {
			w.enter(m.Obj().(*types.Func))
		}
	}
	for call := range maps.Clone(w.calls) {
		if types.Implements(t, call.Signature().Recv().Type().Underlying().(*types.Interface)) {
			enter(call)
		}
	}
	for i := range w.theirs {
		if types.Implements(t, i) {
			for m := range i.Methods() {
				enter(m)
			}
		}
	}
}

// visit notes what a piece of source mentions.
func (w *walk) visit(n ast.Node) {
	if w.seen[n] {
		return
	}
	w.seen[n] = true
	ast.Inspect(n, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			w.mention(w.info.Types[e].Type)
		}
		id, _ := n.(*ast.Ident)
		f, _ := w.info.Uses[id].(*types.Func)
		switch {
		case id == nil || f == nil:
		case operation(f) != "":
			w.does[operation(f)] = true
		case f.Signature().Recv() != nil && types.IsInterface(f.Signature().Recv().Type()):
			w.calls[f] = true
		default:
			w.enter(f)
		}
		return true
	})
}

// inTransaction are the operations that the parts of a DynamoDB transaction stand for: a transaction has no right of its
// own. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
var inTransaction = map[string]string{
	"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem",
}

func (w *walk) mention(t types.Type) {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := t.(*types.Named)
	switch {
	case !ok || n.Obj().Pkg() == nil:
	case n.Obj().Pkg().Path() == sdk+"dynamodb/types" && inTransaction[n.Obj().Name()] != "":
		w.does["dynamodb."+inTransaction[n.Obj().Name()]] = true
	case strings.HasPrefix(n.Obj().Pkg().Path(), module) && !types.IsInterface(n):
		w.types[n] = true
	}
}

// operation returns the operation of AWS that a call of f is, or begins: "" if none. Each operation has a type of input
// of its own, whether a client, a signer, a paginator or an interface of ours is what takes it.
func operation(f *types.Func) string {
	for v := range f.Signature().Params().Variables() {
		p, _ := v.Type().(*types.Pointer)
		if p == nil {
			continue
		}
		n, _ := p.Elem().(*types.Named)
		if n == nil || n.Obj().Pkg() == nil {
			continue
		}
		service, ok := strings.CutPrefix(n.Obj().Pkg().Path(), sdk)
		if name, input := strings.CutSuffix(n.Obj().Name(), "Input"); ok && input {
			return service + "." + name
		}
	}
	return ""
}
