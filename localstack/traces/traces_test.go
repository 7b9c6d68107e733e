package traces_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"sluice/localstack/traces"
	"sluice/tests/awsmodel"
)

const headerLine = `{"format": "json", "version": 1}` + "\n"

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// traceID returns the id of a trace that began so many seconds after noon.
func traceID(after int) string { return fmt.Sprintf("1-%08x-%024x", noon.Unix()+int64(after), after) }

// collector is a running collector with a client for each of its sockets.
type collector struct {
	t      *testing.T
	daemon net.Conn
	xray   *xray.Client
	path   string
	stop   func()
}

func startCollector(t *testing.T, path string) *collector {
	t.Helper()
	conn, listener, err := traces.Listen("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- traces.Serve(ctx, conn, listener, path, path+".requests") }()
	stopped := false
	stop := func() {
		if cancel(); !stopped {
			stopped = true
			if err := <-ended; err != nil {
				t.Errorf("it ended with %v", err)
			}
		}
	}
	t.Cleanup(stop)
	daemon, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { daemon.Close() })
	return &collector{t, daemon, xray.New(xray.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + listener.Addr().String()),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1,
		AppID: "sluice-observe", // its calls are recorded
	}), path, stop}
}

func (c *collector) sendDatagrams(datagrams ...string) {
	c.t.Helper()
	for _, d := range datagrams {
		if _, err := io.WriteString(c.daemon, d); err != nil {
			c.t.Fatal(err)
		}
	}
}

// newDatagram returns a datagram with a segment of a video.
func newDatagram(trace, id, video string) string {
	return headerLine + fmt.Sprintf(
		`{"trace_id": %q, "id": %q, "name": "encode", "annotations": {"video_id": %q, "cold_start": true}}`, trace, id,
		video,
	)
}

// findTraces returns the ids of a video's traces in a time range, the latest first, from all pages.
func (c *collector) findTraces(video string, by types.TimeRangeType, from, to time.Time) (ids []string) {
	c.t.Helper()
	pages := xray.NewGetTraceSummariesPaginator(c.xray, &xray.GetTraceSummariesInput{
		StartTime: &from, EndTime: &to, FilterExpression: aws.String(fmt.Sprintf(`annotation.video_id = "%s"`, video)),
		TimeRangeType: by,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		for _, t := range page.TraceSummaries {
			ids = append(ids, *t.Id)
		}
	}
	return ids
}

// awaitTraces waits until the collector has n traces of a video, because it reads datagrams some time after they were
// sent.
func (c *collector) awaitTraces(video string, n int) []string {
	c.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		ids := c.findTraces(video, types.TimeRangeTypeTraceId, noon, noon.Add(6*time.Hour))
		if len(ids) == n {
			return ids
		}
		if time.Now().After(end) {
			c.t.Fatalf("%d traces, not %d", len(ids), n)
		}
	}
}

// TestCallsAreRecorded also checks the recorded request: what tests read, they can judge.
func TestCallsAreRecorded(t *testing.T) {
	t.Parallel()
	c := startCollector(t, filepath.Join(t.TempDir(), "traces.jsonl"))
	c.findTraces("vid_1", types.TimeRangeTypeTraceId, noon, noon.Add(time.Hour))
	c.findTraces("vid_2", types.TimeRangeTypeTraceId, noon, noon.Add(time.Hour))
	c.stop()
	all, err := awsmodel.ReadRecords(c.path + ".requests")
	if err != nil || len(all) != 2 {
		t.Fatalf("%d requests, %v", len(all), err)
	}
	if !strings.Contains(string(all[1].Request.Body), "vid_2") {
		t.Errorf("the second one is %s", all[1].Request.Body)
	}
	if all[1].Service != "observe" {
		t.Errorf("it is of %q", all[1].Service)
	}
	operation, found := awsmodel.RequireModels(t).Check(all[0].Request)
	if operation.String() != "xray GetTraceSummaries" || found != nil {
		t.Errorf("%s: %v", operation, found)
	}
}

func (c *collector) getDocuments(ids ...string) (all []string) {
	c.t.Helper()
	out, err := c.xray.BatchGetTraces(c.t.Context(), &xray.BatchGetTracesInput{TraceIds: ids})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, t := range out.Traces {
		for _, s := range t.Segments {
			all = append(all, *s.Document)
		}
	}
	return all
}

func TestTracesAreFoundByVideo(t *testing.T) {
	t.Parallel()
	c := startCollector(t, filepath.Join(t.TempDir(), "traces.jsonl"))
	inner := headerLine + fmt.Sprintf(
		`{"trace_id": %q, "id": "b", "name": "sluice-encode", "subsegments": [{"id": "c", "annotations": {"video_id": "vid_1"}}]}`,
		traceID(60),
	)
	c.sendDatagrams(
		newDatagram(traceID(0), "a", "vid_1"), newDatagram(traceID(0), "a2", "vid_1"),
		newDatagram(traceID(30), "x", "vid_2"), inner,
	)
	if got := c.awaitTraces("vid_1", 2); !slices.Equal(got, []string{traceID(60), traceID(0)}) {
		t.Errorf("found %v", got)
	}
	got := c.getDocuments(traceID(0), traceID(60), traceID(99))
	if len(got) != 3 || !strings.Contains(got[0], `"id":"a"`) || !strings.Contains(got[1], `"id":"a2"`) ||
		strings.Contains(got[2], "\n") {
		t.Errorf("documents %q", got)
	}
	if got := c.findTraces(
		"vid_1", types.TimeRangeTypeTraceId, noon.Add(time.Second), noon.Add(59*time.Second),
	); got != nil {
		t.Errorf("found %v in a window without any", got)
	}
}

// A trace that began before the time range is found if its last update is in it.
func TestTracesAreFoundByUpdateTime(t *testing.T) {
	t.Parallel()
	c := startCollector(t, filepath.Join(t.TempDir(), "traces.jsonl"))
	ran := func(trace string, from, to int) string {
		return headerLine + fmt.Sprintf(
			`{"trace_id": %q, "id": "a%d", "start_time": %d, "end_time": %d.5, "annotations": {"video_id": "vid_1"}}`,
			trace, from, noon.Unix()+int64(from), noon.Unix()+int64(to),
		)
	}
	c.sendDatagrams(ran(traceID(0), 0, 1), ran(traceID(0), 100, 130), ran(traceID(0), 50, 60), ran(traceID(1), 1, 40))
	c.awaitTraces("vid_1", 2)
	for _, tt := range []struct {
		from, to time.Duration
		want     []string
	}{
		{0, 200 * time.Second, []string{traceID(0), traceID(1)}},
		{120 * time.Second, 180 * time.Second, []string{traceID(0)}},
		{0, 60 * time.Second, []string{traceID(1)}},
		{140 * time.Second, 200 * time.Second, nil},
	} {
		if got := c.findTraces(
			"vid_1", types.TimeRangeTypeEvent, noon.Add(tt.from), noon.Add(tt.to),
		); !slices.Equal(got, tt.want) {
			t.Errorf("from %v to %v: %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

// A burst that fits into the socket's buffer is not lost. It takes several pages to read.
func TestBurstOfDatagramsIsNotLost(t *testing.T) {
	t.Parallel()
	c := startCollector(t, filepath.Join(t.TempDir(), "traces.jsonl"))
	var burst []string
	for i := range 100 {
		burst = append(burst, newDatagram(traceID(i), "a", "vid_1"))
	}
	c.sendDatagrams(burst...)
	c.awaitTraces("vid_1", len(burst))
}

func TestInvalidDocumentsAreIgnored(t *testing.T) {
	t.Parallel()
	c := startCollector(t, filepath.Join(t.TempDir(), "traces.jsonl"))
	c.sendDatagrams(
		"no header", `{"format":"xml","version":1}`+"\n{}", headerLine+"{half", headerLine, headerLine+"[]",
		headerLine+`{"id":"no trace"}`, newDatagram("1-xxxxxxxx-000000000000000000000000", "a", "vid_1"),
		newDatagram("1-0-0", "a", "vid_1"), newDatagram(traceID(0), "", "vid_1"), newDatagram(traceID(1), "a", "vid_1"),
	)
	if got := c.awaitTraces("vid_1", 1); got[0] != traceID(1) {
		t.Errorf("found %v", got)
	}
	if text, err := os.ReadFile(c.path); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("kept %s, %v", text, err)
	}
}

func TestRestartKeepsDocuments(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	c := startCollector(t, path)
	c.sendDatagrams(newDatagram(traceID(0), "a", "vid_1"))
	c.awaitTraces("vid_1", 1)
	c.stop()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"half a docu`); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again := startCollector(t, path)
	again.awaitTraces("vid_1", 1)
}

// X-Ray refuses these requests too.
func TestInvalidRequestsAreRefused(t *testing.T) {
	t.Parallel()
	c := startCollector(t, filepath.Join(t.TempDir(), "traces.jsonl"))
	good := func() *xray.GetTraceSummariesInput {
		return &xray.GetTraceSummariesInput{
			StartTime: aws.Time(noon), EndTime: aws.Time(noon.Add(time.Hour)),
			FilterExpression: aws.String(`annotation.video_id = "v"`),
		}
	}
	if _, err := c.xray.GetTraceSummaries(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	either := good()
	either.FilterExpression = aws.String(`annotation.service = "api" OR annotation.video_id = "v"`)
	if _, err := c.xray.GetTraceSummaries(t.Context(), either); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*xray.GetTraceSummariesInput){
		"more than six hours": func(in *xray.GetTraceSummariesInput) {
			in.EndTime = aws.Time(noon.Add(6*time.Hour + time.Second))
		},
		"backwards":      func(in *xray.GetTraceSummariesInput) { in.EndTime = aws.Time(noon.Add(-time.Second)) },
		"no filter":      func(in *xray.GetTraceSummariesInput) { in.FilterExpression = nil },
		"another filter": func(in *xray.GetTraceSummariesInput) { in.FilterExpression = aws.String("fault = true") },
		"two filters": func(in *xray.GetTraceSummariesInput) {
			in.FilterExpression = aws.String(`annotation.video_id = "v" AND annotation.tenant = "t"`)
		},
		"times of services": func(in *xray.GetTraceSummariesInput) { in.TimeRangeType = types.TimeRangeTypeService },
		"a made-up token":   func(in *xray.GetTraceSummariesInput) { in.NextToken = aws.String("7") },
	} {
		in := good()
		change(in)
		if _, err := c.xray.GetTraceSummaries(t.Context(), in); err == nil ||
			!strings.Contains(err.Error(), "InvalidRequestException") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.xray.BatchGetTraces(
		t.Context(), &xray.BatchGetTracesInput{TraceIds: make([]string, 6)},
	); err == nil || !strings.Contains(err.Error(), "not 1 to 5") {
		t.Errorf("six traces: %v", err)
	}
}

func TestListenRejectsBadAddresses(t *testing.T) {
	t.Parallel()
	const free = "127.0.0.1:0"
	taken, listener, err := traces.Listen(free, free)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	defer listener.Close()
	for name, row := range map[string]struct{ daemon, api, want string }{
		"every interface":            {"0.0.0.0:0", free, "not a loopback"},
		"every interface to read at": {free, "0.0.0.0:0", "not a loopback"},
		"no host":                    {":0", free, "not a loopback"},
		"no port":                    {"127.0.0.1", free, "missing port"},
		"a port in use":              {taken.LocalAddr().String(), free, "in use"},
		"a port in use to read at":   {free, listener.Addr().String(), "in use"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := traces.Listen(row.daemon, row.api); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q", err, row.want)
			}
		})
	}
}
