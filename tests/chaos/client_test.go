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
	"sluice/shared/domain/services"
	"sluice/shared/domain/video"
	"sluice/shared/platform/httpapi"
)

// client uploads one file, and asks again whenever it gets no answer.
type client struct {
	w       *world
	self    *process
	number  int
	tenant  string
	entropy io.Reader // what the API makes ids of for this client
	body    []byte

	upload, video string // once they are known
	completed     bool   // with a 2xx
}

func (w *world) client(n int, body []byte) *client {
	c := &client{w: w, number: n, tenant: "acme", entropy: rand.NewChaCha8([32]byte{byte(n)}), body: body}
	if n >= len(w.files)-w.rivals {
		c.tenant = "globex"
	}
	c.self = w.start("client")
	go func() {
		defer c.self.exit()
		c.send()
	}()
	return c
}

// send begins an upload, puts its one part, and completes it.
func (c *client) send() {
	ctx := context.Background()
	begun := c.ask("/v1/uploads", fmt.Sprintf(`{"file_name": "film.mp4", "title": "Film %d", "size": %d}`, c.number, len(c.body)))
	parts, _ := begun["parts"].([]any)
	if len(parts) != 1 {
		return
	}
	etag, err := c.w.source.PutPart(ctx, parts[0].(map[string]any)["url"].(string), c.body)
	if err != nil {
		c.w.mu.Lock()
		c.w.wrong("part not taken: %v", err)
		c.w.mu.Unlock()
		return
	}
	c.upload, c.video = begun["upload_id"].(string), begun["video_id"].(string)
	body, _ := json.Marshal(map[string]any{"parts": []any{map[string]any{"number": 1, "etag": etag}}})
	c.completed = c.ask("/v1/uploads/"+c.upload+"/complete", string(body)) != nil
}

// ask sends a request until it is answered, and returns the answer if that is a 2xx.
func (c *client) ask(path, body string) map[string]any {
	for {
		status, answer := c.request(path, body)
		if status < 300 {
			return answer
		}
		if answer["code"] == "idempotency_in_progress" {
			time.Sleep(time.Second)
			continue
		}
		if status < 500 {
			c.w.mu.Lock()
			c.w.wrong("%s is answered with %d %v", path, status, answer)
			c.w.mu.Unlock()
			return nil
		}
	}
}

// request sends a request to a new process of the API; the gateway answers for one that dies.
func (c *client) request(path, body string) (int, map[string]any) {
	c.self.wait("asks", path, nil)
	s, _ := services.Lookup("api")
	p := c.w.start("api")
	defer p.exit()
	log := slog.New(slog.DiscardHandler)
	bucket := source{p}
	a := &api.API{
		Uploads: rows{p}, Multipart: bucket, Originals: bucket, Publisher: c.w.publisher(p, s), Idempotency: rows{p},
		Entropy: c.entropy, Now: func() time.Time { return time.Now().UTC() }, Log: log,
	}
	h, err := a.Handler()
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	e := lambdaevents.APIGatewayProxyRequest{HTTPMethod: "POST", Path: path, Body: body}
	e.Headers = map[string]string{"Idempotency-Key": fmt.Sprintf("client %d", c.number)}
	e.RequestContext.Authorizer = map[string]any{"tenant": c.tenant, "scopes": "videos:read videos:write", "token_id": "tok"}
	began := time.Now()
	out, err := httpapi.NewGatewayFunc(h, log)(ctx, e)
	p.ended(s, began)
	if p.dead || err != nil {
		return 502, nil
	}
	var answer map[string]any
	if err := json.Unmarshal([]byte(out.Body), &answer); err != nil {
		return 502, nil
	}
	return out.StatusCode, answer
}

// delete asks for a client's video to go, as the API does.
func (w *world) delete(c *client) {
	now := time.Now().UTC()
	e := events.Of(c.tenant, c.video, now, video.DeleteRequested{At: now})
	body, err := events.Encode(e)
	if err != nil {
		w.wrong("can't be deleted: %v", err)
		return
	}
	w.logf("%s is to be deleted", c.video)
	w.post("publish", string(body), e.Tenant+"."+e.Video, e.ID, 0)
}
