package main

import (
	"go/ast"
	"go/types"
	"maps"
	"strings"
)

const sdk = "github.com/aws/aws-sdk-go-v2/service/"

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
