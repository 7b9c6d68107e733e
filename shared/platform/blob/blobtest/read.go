package blobtest

import (
	"context"
	"io"
	"strings"

	"sluice/shared/platform/blob"
)

// ReadObjects returns the objects whose keys begin with prefix, by the rest of the key.
func ReadObjects(t interface{ Fatal(...any) }, b *blob.Memory, prefix string) map[string]string {
	objects := map[string]string{}
	for _, key := range b.ListKeys(prefix) {
		body, _, err := b.GetObject(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		objects[strings.TrimPrefix(key, prefix)] = string(text)
	}
	return objects
}
