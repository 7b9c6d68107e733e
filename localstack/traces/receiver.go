package traces

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"syscall"
)

// receiveBuffer is the size in bytes of the socket's buffer, for bursts: datagrams that arrive while it is full are
// lost.
const receiveBuffer = 32 << 20

// enlargeBuffer sets the size of the socket's receive buffer. With the right (SO_RCVBUFFORCE, socket(7)) it exceeds
// net.core.rmem_max; without, the buffer is as large as the system allows.
func enlargeBuffer(conn *net.UDPConn) {
	forced := false
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			forced = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, receiveBuffer) == nil
		})
	}
	if !forced {
		_ = conn.SetReadBuffer(receiveBuffer) // the kernel may set less without an error
	}
}

// maxQueuedDatagrams is how many datagrams can wait to be parsed while others are read.
const maxQueuedDatagrams = 1 << 14

// receiveDatagrams reads datagrams until the socket is closed, and adds each document to the store and the file.
func (s *store) receiveDatagrams(conn io.Reader, file io.Writer) error {
	datagrams := make(chan []byte, maxQueuedDatagrams)
	failed := make(chan error, 1)
	go func() {
		defer close(datagrams)
		buf := make([]byte, 1<<16)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				failed <- fmt.Errorf("traces: %w", err)
				return
			}
			datagrams <- bytes.Clone(buf[:n])
		}
	}()
	for d := range datagrams {
		if doc, ok := parseDocument(d); ok && s.addDocument(doc) {
			_, _ = file.Write(append(doc, '\n')) // if the disk is full, the document is still in memory
		}
	}
	return <-failed
}

// parseDocument returns the document of a datagram as one line. The datagram begins with the daemon's header line.
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
