package main

import (
	"go/ast"
	"go/types"
	"maps"
	"strings"
)

const sdkServicePrefix = "github.com/aws/aws-sdk-go-v2/service/"

// callWalk collects the AWS operations that a function may call, and rather too many than too few: whatever its code
// mentions counts as called, and a call through an interface counts as a call of that method of every mentioned type
// that has it. It does not see calls through reflection, or by other packages that are handed a client. Then the
// service map grants more than the code seems to need, and the test fails.
type callWalk struct {
	*program
	seen             map[ast.Node]bool
	mentionedTypes   map[*types.Named]bool // of this module, possible values of interfaces
	interfaceMethods map[*types.Func]bool  // mentioned methods of interfaces
	calledOperations map[string]bool       // AWS operations
}

// findOperations returns the AWS operations that a function may call, such as "s3.GetObject".
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

// visitFunction visits the body of a function, if its package is part of this module.
func (w *callWalk) visitFunction(f *types.Func) {
	if body := w.bodies[f.Origin()]; body != nil {
		w.visitNode(body)
	}
}

// visitMethods visits the methods of a type that can be called through interfaces.
func (w *callWalk) visitMethods(n *types.Named) {
	t := types.NewPointer(n) // its method set includes the methods of n
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

// visitNode records the functions, operations and types that a piece of source mentions.
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

// transactionOperations are the operations that the parts of a DynamoDB transaction stand for. A transaction has no IAM
// action of its own: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
var transactionOperations = map[string]string{
	"ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem", "Get": "GetItem", "Put": "PutItem",
	"Update": "UpdateItem",
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

// operationOf returns the AWS operation that a call of f is part of; "" if there is none. Each operation has an input
// type, whether a client, a signer, a paginator or an interface of this module takes it.
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
