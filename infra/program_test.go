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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const modulePath = "sluice/"

// program is the source code of all functions with its types. Of packages outside this module it has the exported names
// only.
type program struct {
	fileSet           *token.FileSet
	ownPackages       map[string]*types.Package
	info              types.Info
	bodies            map[*types.Func]ast.Node
	initCode          map[string][]ast.Node // by package: declarations that run before main
	exportImporter    types.Importer
	deps              map[string][]string
	foreignInterfaces map[*types.Interface]bool // of packages outside the module, whose code may call through them
}

// listedPackage is a package in the output of `go list`.
type listedPackage struct {
	ImportPath, Dir, Export string
	GoFiles, Deps           []string
}

// loadProgram reads the functions and the packages of this module that they import.
func loadProgram() (*program, error) {
	all, err := listPackages("../functions/...")
	if err != nil {
		return nil, err
	}
	p := &program{
		fileSet: token.NewFileSet(), ownPackages: map[string]*types.Package{}, bodies: map[*types.Func]ast.Node{},
		initCode: map[string][]ast.Node{}, deps: map[string][]string{}, foreignInterfaces: map[*types.Interface]bool{},
		info: types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
			Defs: map[*ast.Ident]types.Object{},
		},
	}
	export := map[string]string{}
	for _, l := range all {
		export[l.ImportPath] = l.Export
	}
	p.exportImporter = importer.ForCompiler(p.fileSet, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(export[path])
	})
	for _, l := range all { // each after the packages that it imports
		p.deps[l.ImportPath] = l.Deps
		if !strings.HasPrefix(l.ImportPath, modulePath) {
			continue
		}
		if err := p.checkPackage(l); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func listPackages(pattern string) ([]listedPackage, error) {
	out, err := exec.Command(
		"go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Deps", pattern,
	).Output()
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

// Import makes program the importer of the imports in this module's packages.
func (p *program) Import(path string) (*types.Package, error) {
	if pkg := p.ownPackages[path]; pkg != nil {
		return pkg, nil
	}
	return p.exportImporter.Import(path)
}

// checkPackage parses and type-checks a package of this module.
func (p *program) checkPackage(l listedPackage) error {
	var files []*ast.File
	for _, name := range l.GoFiles {
		f, err := parser.ParseFile(p.fileSet, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	pkg, err := (&types.Config{Importer: p}).Check(l.ImportPath, p.fileSet, files, &p.info)
	if err != nil {
		return err
	}
	p.ownPackages[l.ImportPath] = pkg
	for _, other := range pkg.Imports() {
		p.addInterfaces(other)
	}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			switch {
			case !ok:
				p.initCode[l.ImportPath] = append(p.initCode[l.ImportPath], d)
			case fn.Name.Name == "init" && fn.Recv == nil:
				p.initCode[l.ImportPath] = append(p.initCode[l.ImportPath], fn.Body)
			default:
				p.bodies[p.info.Defs[fn.Name].(*types.Func)] = fn
			}
		}
	}
	return nil
}

// addInterfaces records the exported interfaces of a package outside this module.
func (p *program) addInterfaces(pkg *types.Package) {
	if p.ownPackages[pkg.Path()] != nil {
		return
	}
	for _, name := range pkg.Scope().Names() {
		t, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || !t.Exported() {
			continue
		}
		if i, ok := t.Type().Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
			p.foreignInterfaces[i] = true
		}
	}
}
