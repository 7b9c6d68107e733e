package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAsyncAPIDocumentIsUpToDate(t *testing.T) {
	dir := os.DirFS("../..")
	want, err := buildDocument(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run go generate ./events: %s", diff)
	}
}
