// Package traces stands in for X-Ray on a local cloud. It receives the segments that functions send to the X-Ray
// daemon, over UDP, and answers the two calls that read traces, GetTraceSummaries and BatchGetTraces, over HTTP. It
// refuses what X-Ray refuses: a time range of more than six hours, more than five traces in a call. It knows the filter
// annotation.key = "value", and several of these with OR between; it knows time ranges by the start and by the last
// update of traces.
//
// It needs no AWS permissions, checks no signatures, listens on the loopback interface only and refuses requests of
// browsers. It keeps what it received in memory, and in a file that only its owner can read, so that the next process
// has it too.
//
// Sources: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html and
// https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html
package traces

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// Listen opens the sockets for Serve: the daemon's on UDP and the API's on TCP. Addresses are host:port; port 0 is any
// free one. An address that is not loopback is an error.
func Listen(daemon, api string) (*net.UDPConn, *net.TCPListener, error) {
	udp, uerr := net.ResolveUDPAddr("udp", daemon)
	tcp, terr := net.ResolveTCPAddr("tcp", api)
	if err := cmp.Or(uerr, terr); err != nil {
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

// Serve receives segments and answers calls until ctx is done, then closes both sockets. It loads the documents of the
// file at path first, and appends what it receives to it. It creates the file with mode 0600. It adds the calls to the
// file at requests, unless that is "".
func Serve(ctx context.Context, daemon *net.UDPConn, api net.Listener, path, requests string) error {
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
	calls := http.NewServeMux()
	calls.HandleFunc("POST /TraceSummaries", handleCall(s.getTraceSummaries))
	calls.HandleFunc("POST /Traces", handleCall(s.batchGetTraces))
	handler := refuseBrowsers(api.Addr(), recordRequests(calls, requests))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
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
