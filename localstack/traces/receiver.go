package traces

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"syscall"
)

// receiveBuffer is what is asked of the kernel for bursts: datagrams that find it full are lost.
const receiveBuffer = 32 << 20

// enlargeBuffer gives the socket its buffer: beyond what the system lets everybody have (net.core.rmem_max) if we may
// (SO_RCVBUFFORCE, socket(7)), else as much as it lets us.
func enlargeBuffer(conn *net.UDPConn) {
	forced := false
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			forced = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, receiveBuffer) == nil
		})
	}
	if !forced {
		_ = conn.SetReadBuffer(receiveBuffer) // the kernel gives less without a word
	}
}

// maxQueuedDatagrams is how many datagrams may wait to be parsed: reading goes on meanwhile.
const maxQueuedDatagrams = 1 << 14

// receiveDatagrams takes datagrams until the socket is closed, and adds each document to the store and to the file.
func (s *store) receiveDatagrams(conn io.Reader, file io.Writer) error {
	datagrams := make(chan []byte, maxQueuedDatagrams)
	failed := make(chan error, 1)
	go func() {
		defer close(datagrams)
		failed <- readDatagrams(conn, datagrams)
	}()
	for d := range datagrams {
		if doc, ok := parseDocument(d); ok && s.addDocument(doc) {
			_, _ = file.Write(append(doc, '\n')) // a full disk: it is in memory still
		}
	}
	return <-failed
}

func readDatagrams(conn io.Reader, datagrams chan<- []byte) error {
	buf := make([]byte, 1<<16)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("traces: %w", err)
		}
		datagrams <- bytes.Clone(buf[:n])
	}
}

// parseDocument returns a datagram's document, as one line: after a header line, as the daemon takes it.
func parseDocument(datagram []byte) ([]byte, bool) {
	head, doc, _ := bytes.Cut(datagram, []byte("\n"))
	var h struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(head, &h) != nil || h.Format != "json" || h.Version != 1 {
		return nil, false
	}
	var line bytes.Buffer
	if json.Compact(&line, doc) != nil || line.Len() == 0 {
		return nil, false
	}
	return line.Bytes(), true
}
