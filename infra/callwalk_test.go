package main

import (
	"go/ast"
	"go/types"
	"maps"
	"strings"
)

const sdkServicePrefix = "github.com/aws/aws-sdk-go-v2/service/"

// callWalk is a look at all that one function may run. It errs on the side of too much: what is mentioned is called, and a
// method that is called through an interface is that of every type that is mentioned and has it. Reflection and code of
// others that is handed a client it would miss; but then the map grants what nobody seems to call, and the test fails.
type callWalk struct {
	*program
	seen             map[ast.Node]bool
	mentionedTypes   map[*types.Named]bool // ours, mentioned, that may stand behind an interface
	interfaceMethods map[*types.Func]bool  // methods of interfaces, mentioned
	calledOperations map[string]bool       // operations of AWS, "s3.GetObject"
}

// findOperations returns what a function may ask of AWS.
func (p *program) findOperations(function string) map[string]bool {
	w := &callWalk{p, map[ast.Node]bool{}, map[*types.Named]bool{}, map[*types.Func]bool{}, map[string]bool{}}
	path := modulePath + "functions/" + function + "/bootstrap"
	for _, dep := range append(p.deps[path], path) {
		for _, n := range p.initCode[dep] {
			w.visitNode(n)
		}
	}
	w.visitFunction(p.ownPackages[path].Scope().Lookup("main").(*types.Func))
	for before := -1; before < len(w.seen); {
		before = len(w.seen)
		for t := range maps.Clone(w.mentionedTypes) {
			w.visitMethods(t)
		}
	}
	return w.calledOperations
}

// visitFunction looks into a function of ours.
func (w *callWalk) visitFunction(f *types.Func) {
	if body := w.bodies[f.Origin()]; body != nil {
		w.visitNode(body)
	}
}

// visitMethods looks into the methods of a type that may be called through interfaces.
func (w *callWalk) visitMethods(n *types.Named) {
	t := types.NewPointer(n) // which has the methods of the type itself too
	methods := types.NewMethodSet(t)
	enter := func(f *types.Func) {
		if m := methods.Lookup(f.Pkg(), f.Name()); m != nil {
			w.visitFunction(m.Obj().(*types.Func))
		}
	}
	for call := range maps.Clone(w.interfaceMethods) {
		if types.Implements(t, call.Signature().Recv().Type().Underlying().(*types.Interface)) {
			enter(call)
		}
	}
	for i := range w.foreignInterfaces {
		if types.Implements(t, i) {
			for m := range i.Methods() {
				enter(m)
			}
		}
	}
}

// visitNode notes what a piece of source mentions.
func (w *callWalk) visitNode(n ast.Node) {
	if w.seen[n] {
		return
	}
	w.seen[n] = true
	ast.Inspect(n, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			w.noteType(w.info.Types[e].Type)
		}
		id, _ := n.(*ast.Ident)
		f, _ := w.info.Uses[id].(*types.Func)
		switch {
		case id == nil || f == nil:
		case operationOf(f) != "":
			w.calledOperations[operationOf(f)] = true
		case f.Signature().Recv() != nil && types.IsInterface(f.Signature().Recv().Type()):
			w.interfaceMethods[f] = true
		default:
			w.visitFunction(f)
		}
		return true
	})
}

// transactionOperations are the operations that the parts of a DynamoDB transaction stand for: a transaction has no right of its
// own. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
var transactionOperations = map[string]string{
	"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem",
}

func (w *callWalk) noteType(t types.Type) {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := t.(*types.Named)
	switch {
	case !ok || n.Obj().Pkg() == nil:
	case n.Obj().Pkg().Path() == sdkServicePrefix+"dynamodb/types" && transactionOperations[n.Obj().Name()] != "":
		w.calledOperations["dynamodb."+transactionOperations[n.Obj().Name()]] = true
	case strings.HasPrefix(n.Obj().Pkg().Path(), modulePath) && !types.IsInterface(n):
		w.mentionedTypes[n] = true
	}
}

// operationOf returns the operation of AWS that a call of f is, or begins: "" if none. Each operation has a type of input
// of its own, whether a client, a signer, a paginator or an interface of ours is what takes it.
func operationOf(f *types.Func) string {
	for v := range f.Signature().Params().Variables() {
		p, _ := v.Type().(*types.Pointer)
		if p == nil {
			continue
		}
		n, _ := p.Elem().(*types.Named)
		if n == nil || n.Obj().Pkg() == nil {
			continue
		}
		service, ok := strings.CutPrefix(n.Obj().Pkg().Path(), sdkServicePrefix)
		if name, input := strings.CutSuffix(n.Obj().Name(), "Input"); ok && input {
			return service + "." + name
		}
	}
	return ""
}
