package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// exitAfterResponse returns a handler that does as f, and that ends the process after the first invocation at whose end
// reason returns something: exit is called with it when the Runtime API has accepted the response, and before the next
// event is asked for. So the message is finished, and Lambda starts a new process. An invocation that fails then ends
// the process as a panic would: aws-lambda-go calls log.Fatal after it has reported the error.
func exitAfterResponse[In, Out any](
	f func(context.Context, In) (Out, error), reason func() string, exit func(string),
) func(context.Context, In) (any, error) {
	return func(ctx context.Context, in In) (any, error) {
		out, err := f(ctx, in)
		why := reason()
		switch {
		case why == "" && err != nil:
			return nil, err
		case why == "":
			return out, nil
		case err != nil:
			return nil, newLastError(err)
		}
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false) // as aws-lambda-go does
		if err := enc.Encode(out); err != nil {
			return nil, newLastError(err)
		}
		return &lastResponse{body: bytes.NewReader(bytes.TrimSuffix(body.Bytes(), []byte("\n"))), exit: func() {
			exit(why)
		}}, nil
	}
}

// newLastError returns an error after which aws-lambda-go ends the process.
func newLastError(err error) error {
	return messages.InvokeResponse_Error{Message: err.Error(), Type: "Error", ShouldExit: true}
}

// lastResponse is a response that aws-lambda-go sends as it is, since it is an io.Reader whose JSON is {}, and closes
// when the Runtime API has answered.
type lastResponse struct {
	body *bytes.Reader
	exit func()
}

// Read returns the response's JSON.
func (r *lastResponse) Read(p []byte) (int, error) { return r.body.Read(p) }

// ContentType is what aws-lambda-go sends with the response.
func (r *lastResponse) ContentType() string { return "application/json" }

// Close is called after the response was sent.
func (r *lastResponse) Close() error {
	r.exit()
	return nil
}

// exitProcess ends the process, for a reason that is logged. What Lambda keeps of the environment, the folder /tmp for
// example, is not cleared.
func (r Runtime) exitProcess(reason string) {
	r.Log.WarnContext(context.Background(), "process exits so that Lambda starts a new one", "reason", reason)
	os.Exit(0)
}
