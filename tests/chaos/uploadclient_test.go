package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"sluice/events"
	"sluice/functions/api"
	"sluice/functions/api/ingest"
	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// uploadClient uploads one file and repeats each request until it is answered.
type uploadClient struct {
	w       *simulation
	proc    *process
	number  int
	tenant  string
	entropy io.Reader // for the ids that the API creates for this client
	body    []byte

	upload, video string // ids; empty before they are known
	completed     bool   // with a 2xx response
}

func (sim *simulation) startClient(n int, body []byte) *uploadClient {
	c := &uploadClient{w: sim, number: n, tenant: "acme", entropy: rand.NewChaCha8([32]byte{byte(n)}), body: body}
	if n >= len(sim.files)-sim.otherTenants {
		c.tenant = "globex"
	}
	c.proc = sim.startProcess("client")
	go func() {
		defer c.proc.exitProcess()
		c.uploadFile()
	}()
	return c
}

// uploadFile creates an upload, puts its only part, and completes the upload.
func (c *uploadClient) uploadFile() {
	ctx := context.Background()
	begun := c.requestUntilAnswered(
		"/v1/uploads", fmt.Sprintf(`{"file_name": "film.mp4", "title": "Film %d", "size": %d}`, c.number, len(c.body)),
	)
	parts, _ := begun["parts"].([]any)
	if len(parts) != 1 {
		return
	}
	etag, err := c.w.source.PutPresignedPart(ctx, parts[0].(map[string]any)["url"].(string), c.body)
	if err != nil {
		c.w.mu.Lock()
		c.w.recordProblem("the part was rejected: %v", err)
		c.w.mu.Unlock()
		return
	}
	c.upload, c.video = begun["upload_id"].(string), begun["video_id"].(string)
	body, _ := json.Marshal(map[string]any{"parts": []any{map[string]any{"number": 1, "etag": etag}}})
	c.completed = c.requestUntilAnswered("/v1/uploads/"+c.upload+"/complete", string(body)) != nil
}

// requestUntilAnswered repeats a request until it has a response, and returns the body of a 2xx response, else nil.
func (c *uploadClient) requestUntilAnswered(path, body string) map[string]any {
	for {
		status, answer := c.sendRequest(path, body)
		if status < 300 {
			return answer
		}
		if answer["code"] == "idempotency_in_progress" {
			time.Sleep(time.Second)
			continue
		}
		if status < 500 {
			c.w.mu.Lock()
			c.w.recordProblem("%s was answered with %d %v", path, status, answer)
			c.w.mu.Unlock()
			return nil
		}
	}
}

// sendRequest sends a request to a new process of the API. If it dies, the gateway answers with 502.
func (c *uploadClient) sendRequest(path, body string) (int, map[string]any) {
	c.proc.awaitOutcome("asks", path, nil)
	s, _ := services.Lookup("api")
	p := c.w.startProcess("api")
	defer p.exitProcess()
	log := slog.New(slog.DiscardHandler)
	bucket := faultySource{p}
	now := func() time.Time { return time.Now().UTC() }
	a := &api.API{
		VideoCreator: ingest.VideoCreator{
			Videos: p.newStore(), Multipart: bucket, Now: now,
			NewPlaybackID: func() (string, error) { return playback.NewID(c.entropy) },
		},
		Uploads: p.newStore(), Multipart: bucket, Originals: bucket, Publisher: c.w.newPublisher(p, s),
		Idempotency: p.newStore(),
		Entropy:     c.entropy, Now: now, Log: log,
		TraceHeader:   func(context.Context) string { return "" },
		AnnotateVideo: func(context.Context, string, string) {},
	}
	h, err := a.Handler()
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	e := lambdaevents.APIGatewayProxyRequest{HTTPMethod: "POST", Path: path, Body: body}
	e.Headers = map[string]string{"Idempotency-Key": fmt.Sprintf("client %d", c.number)}
	e.RequestContext.Authorizer = map[string]any{
		"tenant": c.tenant, "scopes": "videos:read videos:write", "token_id": "tok",
	}
	began := time.Now()
	out, err := httpapi.NewGatewayFunc(h, log)(ctx, e)
	p.checkDuration(s, began)
	if p.dead || err != nil {
		return 502, nil
	}
	var answer map[string]any
	if err := json.Unmarshal([]byte(out.Body), &answer); err != nil {
		return 502, nil
	}
	return out.StatusCode, answer
}

// requestDeletion sends the event that the API sends when a video is deleted.
func (sim *simulation) requestDeletion(c *uploadClient) {
	now := time.Now().UTC()
	e := events.New(c.tenant, c.video, now, video.DeleteRequested{At: now})
	body, err := events.Encode(e)
	if err != nil {
		sim.recordProblem("can't be deleted: %v", err)
		return
	}
	sim.logf("%s is to be deleted", c.video)
	sim.sendMessage("publish", string(body), e.Tenant+"."+e.Video, e.ID, 0)
}
