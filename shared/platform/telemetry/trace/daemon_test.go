package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

const (
	runtimeRoot   = "1-6a000000-0123456789abcdef01234567"
	runtimeHeader = "Root=" + runtimeRoot + ";Parent=1111111111111111;Sampled=1;Lineage=1:aabbccdd:3"
	unsampled     = "Root=" + runtimeRoot + ";Parent=1111111111111111;Sampled=0;Lineage=1:aabbccdd:3"
	rootA         = "1-6a00000a-aaaaaaaaaaaaaaaaaaaaaaaa"
	rootB         = "1-6a00000b-bbbbbbbbbbbbbbbbbbbbbbbb"
	headerA       = "Root=" + rootA + ";Parent=2222222222222222;Sampled=1"
	headerB       = "Root=" + rootB + ";Parent=3333333333333333;Sampled=0"
)

func TestMain(m *testing.M) {
	SetService("encode")
	coldStart.Store(false)
	os.Exit(m.Run())
}

// fakeDaemon stands for the X-Ray daemon. It receives what is sent with its contexts, and nothing else.
type fakeDaemon struct {
	t        *testing.T
	conn     *net.UDPConn
	emitter  xray.Emitter
	received bytes.Buffer // every document that was read
}

// document has the members of a segment document that the tests check.
type document struct {
	TraceID     string         `json:"trace_id"`
	ID          string         `json:"id"`
	ParentID    string         `json:"parent_id"`
	Type        string         `json:"type"`
	Name        string         `json:"name"`
	Namespace   string         `json:"namespace"`
	InProgress  bool           `json:"in_progress"`
	Fault       bool           `json:"fault"`
	Error       bool           `json:"error"`
	Throttle    bool           `json:"throttle"`
	Annotations map[string]any `json:"annotations"`
	Metadata    struct {
		Default map[string]any `json:"default"`
	} `json:"metadata"`
	AWS         map[string]any `json:"aws"`
	Cause       segmentCause   `json:"cause"`
	Subsegments []document     `json:"subsegments"`
}

type segmentCause struct {
	Dir        string `json:"working_directory"`
	Exceptions []struct {
		Type    string            `json:"type"`
		Message string            `json:"message"`
		Stack   []json.RawMessage `json:"stack"`
	} `json:"exceptions"`
}

func startFakeDaemon(t *testing.T) *fakeDaemon {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	emitter, err := xray.NewDefaultEmitter(conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	return &fakeDaemon{t: t, conn: conn, emitter: emitter}
}

// newContext returns the context of an invocation with the runtime's trace header; "none": a context outside an
// invocation.
func (d *fakeDaemon) newContext(runtime string) context.Context {
	ctx := context.WithValue(d.t.Context(), xray.RecorderContextKey{}, &xray.Config{Emitter: d.emitter})
	if runtime == "none" {
		return ctx
	}
	//lint:ignore SA1029 the SDK's key is a string
	return context.WithValue(ctx, xray.LambdaTraceHeaderKey, runtime)
}

// readDocuments returns what was sent since the last call. It sends a document itself, to know without waiting when it
// has read all.
func (d *fakeDaemon) readDocuments() []document {
	d.t.Helper()
	_, mark := xray.BeginSubsegment(d.newContext(runtimeHeader), "mark")
	mark.Close(nil)
	seen, out := map[string]bool{}, []document(nil)
	buf := make([]byte, 1<<16)
	for {
		if err := d.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			d.t.Fatal(err)
		}
		n, err := d.conn.Read(buf)
		if err != nil {
			d.t.Fatal(err)
		}
		_, text, _ := bytes.Cut(buf[:n], []byte("\n"))
		var doc document
		if err := json.Unmarshal(text, &doc); err != nil {
			d.t.Fatalf("%v: %s", err, text)
		}
		if doc.ID == mark.ID {
			return out
		}
		key := doc.ID + string(text)
		if seen[key] { // the SDK may send a segment of ours twice; X-Ray keeps one
			continue
		}
		seen[key] = true
		d.received.Write(text)
		out = append(out, doc)
	}
}

// readOne returns the only document.
func (d *fakeDaemon) readOne() document {
	d.t.Helper()
	docs := d.readDocuments()
	if len(docs) != 1 {
		d.t.Fatalf("%d documents, want 1: %s", len(docs), d.received.String())
	}
	return docs[0]
}
