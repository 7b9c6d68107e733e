// Package traces stands for X-Ray where there is none: it takes what functions send to the X-Ray daemon, keeps it as
// JSON lines, and shows one video's way as a waterfall. It uses no AWS rights. It listens on loopback only, and the
// file is its owner's alone.
//
// Source of the documents: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
package traces

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
)

// Daemon is the address that functions send to unless AWS_XRAY_DAEMON_ADDRESS says otherwise.
const Daemon = "127.0.0.1:2000"

// readBuffer is what is asked of the kernel for bursts; it may give less (net.core.rmem_max), and then some are lost.
const readBuffer = 8 << 20

// Sink takes documents off a UDP port and appends them to a file.
type Sink struct {
	conn *net.UDPConn
	out  *os.File
}

// Listen opens a sink on addr, host:port, where port 0 is any free one. The file is made if it is not there, with mode
// 0600. An address that is not loopback is refused.
func Listen(addr, path string) (*Sink, error) {
	udp, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	if !udp.IP.IsLoopback() {
		return nil, fmt.Errorf("traces: %s is not a loopback address", addr)
	}
	out, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	conn, err := net.ListenUDP("udp", udp)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("traces: %w", err), out.Close())
	}
	if err := conn.SetReadBuffer(readBuffer); err != nil {
		return nil, errors.Join(fmt.Errorf("traces: %w", err), conn.Close(), out.Close())
	}
	return &Sink{conn, out}, nil
}

// Addr is where the sink listens: the value of AWS_XRAY_DAEMON_ADDRESS.
func (s *Sink) Addr() string { return s.conn.LocalAddr().String() }

// Run takes documents until ctx is done, and closes the sink. It returns how many were kept and how many datagrams
// were none.
func (s *Sink) Run(ctx context.Context) (kept, refused int, err error) {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	defer stop()
	defer func() { err = errors.Join(err, s.out.Close()) }()
	buf := make([]byte, 1<<16)
	for {
		n, err := s.conn.Read(buf)
		if ctx.Err() != nil {
			return kept, refused, nil
		}
		if err != nil {
			return kept, refused, errors.Join(fmt.Errorf("traces: %w", err), s.conn.Close())
		}
		line, ok := document(buf[:n])
		if !ok {
			refused++
			continue
		}
		kept++
		if _, err := s.out.Write(line); err != nil {
			return kept, refused, errors.Join(fmt.Errorf("traces: %w", err), s.conn.Close())
		}
	}
}

// document returns a datagram's document as one line: after a header line, as the daemon takes it.
func document(datagram []byte) ([]byte, bool) {
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
	line.WriteByte('\n')
	return line.Bytes(), true
}
