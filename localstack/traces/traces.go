// Package traces stands for X-Ray where there is none: it takes what functions send to the X-Ray daemon, by UDP, and
// answers the two calls with which traces are read, GetTraceSummaries and BatchGetTraces, over HTTP. What X-Ray refuses,
// it refuses: windows of more than six hours, more than five traces a call. Of filters it knows annotation.key = "value",
// and several of them with OR between; of windows those of the beginnings and of the updates of traces.
//
// It uses no AWS rights and asks for no signatures. It listens on loopback only. What it was sent it keeps in memory,
// and in a file that is its owner's alone, for the next that starts.
//
// Sources: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html and
// https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html
package traces

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Listen opens what Serve serves, on addresses host:port, where port 0 is any free one: the daemon's on UDP, the API's
// on TCP. An address that is not loopback is refused.
func Listen(daemon, api string) (*net.UDPConn, *net.TCPListener, error) {
	udp, err := net.ResolveUDPAddr("udp", daemon)
	if err != nil {
		return nil, nil, fmt.Errorf("traces: %w", err)
	}
	tcp, err := net.ResolveTCPAddr("tcp", api)
	if err != nil {
		return nil, nil, fmt.Errorf("traces: %w", err)
	}
	if !udp.IP.IsLoopback() || !tcp.IP.IsLoopback() {
		return nil, nil, fmt.Errorf("traces: %s or %s is not a loopback address", daemon, api)
	}
	conn, err := net.ListenUDP("udp", udp)
	if err != nil {
		return nil, nil, fmt.Errorf("traces: %w", err)
	}
	listener, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("traces: %w", err), conn.Close())
	}
	return conn, listener, nil
}

// Serve takes and answers until ctx is done, and closes both. What the file at path has is there from the beginning; it
// is made if it is not, with mode 0600.
func Serve(ctx context.Context, daemon *net.UDPConn, api net.Listener, path string) error {
	s := newStore()
	if err := s.loadFile(path); err != nil {
		return errors.Join(err, daemon.Close(), api.Close())
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("traces: %w", err), daemon.Close(), api.Close())
	}
	defer file.Close()
	enlargeBuffer(daemon)
	server := &http.Server{Handler: s.newHandler(), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		daemon.Close()
		server.Close()
	})
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Serve(api) }()
	err = s.receiveDatagrams(daemon, file)
	err = errors.Join(err, server.Close())
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}
