// Command longlines reports the lines of Go files that are longer than 120 columns, a tab counted as four, and ends
// with status 1 if there are any. It takes folders and files. `make lint` runs it.
//
// A line may be longer where it holds a URL, a compiler directive, a raw string of several lines, or one string or
// struct tag of more than 60 columns: to split it would help nobody who reads or searches it.
package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	maxColumns      = 120
	tabColumns      = 4
	maxSplitColumns = 60 // a string of more columns is not split
)

func main() {
	found := 0
	for _, root := range os.Args[1:] {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			text, err := os.ReadFile(path)
			for _, line := range findLongLines(text) {
				fmt.Printf("%s:%d: more than %d columns\n", path, line, maxColumns)
				found++
			}
			return err
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "longlines:", err)
			os.Exit(2)
		}
	}
	if found > 0 {
		os.Exit(1)
	}
}

// findLongLines returns the numbers, from 1, of the lines of a Go file that are too long and not excepted.
func findLongLines(text []byte) (numbers []int) {
	excepted := findUnsplittable(text)
	for i, line := range strings.Split(string(text), "\n") {
		if countColumns(line) > maxColumns && !excepted[i+1] && !strings.Contains(line, "://") &&
			!strings.HasPrefix(line, "//go:") {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

func countColumns(line string) int {
	return utf8.RuneCountInString(line) + (tabColumns-1)*strings.Count(line, "\t")
}

// findUnsplittable returns the numbers of the lines with a string that is not split.
func findUnsplittable(text []byte) map[int]bool {
	lines := map[int]bool{}
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0) // go vet reports what can't be scanned
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return lines
		}
		breaks := strings.Count(literal, "\n")
		if tok != token.STRING || breaks == 0 && utf8.RuneCountInString(literal) <= maxSplitColumns {
			continue
		}
		for first, i := file.Line(pos), 0; i <= breaks; i++ {
			lines[first+i] = true
		}
	}
}
