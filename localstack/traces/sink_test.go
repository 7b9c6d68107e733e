package traces

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const head = `{"format": "json", "version": 1}` + "\n"

func TestSinkKeepsDocuments(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	s, err := Listen("127.0.0.1:0", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	type result struct {
		kept, refused int
		err           error
	}
	done := make(chan result)
	go func() {
		var r result
		r.kept, r.refused, r.err = s.Run(ctx)
		done <- r
	}()
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, d := range []string{
		head + "{\"id\":\n \"a\"}", "no header", `{"format":"xml","version":1}` + "\n{}", head + "{half", head, head + `{"id":"b"}`,
	} {
		if _, err := conn.Write([]byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	want := "{\"id\":\"a\"}\n{\"id\":\"b\"}\n"
	for end := time.Now().Add(10 * time.Second); len(read(t, path)) < len(want) && time.Now().Before(end); {
		runtime.Gosched()
	}
	cancel()
	if got := <-done; got != (result{2, 4, nil}) {
		t.Errorf("result %+v", got)
	}
	if got := read(t, path); got != want {
		t.Errorf("file:\n%s\nwant:\n%s", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestListenRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	for name, row := range map[string]struct{ addr, path, want string }{
		"every interface": {"0.0.0.0:0", path, "not a loopback"},
		"no host":         {":0", path, "not a loopback"},
		"no port":         {"127.0.0.1", path, "missing port"},
		"no folder":       {"127.0.0.1:0", filepath.Join(path, "x"), "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Listen(row.addr, row.path); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q", err, row.want)
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	s, err := Listen("127.0.0.1:0", path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.conn.Close()
	defer s.out.Close()
	if _, err := Listen(s.Addr(), path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v", err)
	}
}
