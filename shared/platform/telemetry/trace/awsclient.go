package trace

import (
	"context"
	"errors"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// recordedFields are the fields of a call's input that are recorded, by the names that X-Ray's console knows.
var recordedFields = map[string]string{
	"QueueUrl": "queue_url", "TopicArn": "topic_arn", "TableName": "table_name", "Bucket": "bucket_name",
}

// InstrumentAWS makes every client that is made from cfg record its calls as steps of the hop in their context, and send
// the trace on in an HTTP header. Against the SDK's own instrumentation/awsv2 it keeps Lineage, names the resource,
// records no text of errors, and does not call a 4xx (a failed condition, a missing key) a fault. Presigning is not
// a call and records nothing.
func InstrumentAWS(cfg *aws.Config) {
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		if len(stack.Deserialize.List()) == 0 { // nothing reads an answer: presigning
			return nil
		}
		return errors.Join(
			stack.Initialize.Add(spanMiddleware{}, middleware.After),
			stack.Deserialize.Add(headerMiddleware{}, middleware.Before), // after signing, once an attempt
		)
	})
}

// spanMiddleware opens a step around a call and all its attempts.
type spanMiddleware struct{}

func (spanMiddleware) ID() string { return "TraceStep" }

func (spanMiddleware) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	ctx, s := StartSpan(ctx, awsmiddleware.GetServiceID(ctx))
	s.updateSegment(func(seg *xray.Segment) {
		seg.Namespace = "aws"
		describeCall(ctx, in.Parameters, seg.GetAWS())
	})
	out, meta, err := next.HandleInitialize(ctx, in)
	s.endCall(meta, err)
	return out, meta, err
}

// describeCall says what is called.
func describeCall(ctx context.Context, input any, into map[string]any) {
	into["region"], into["operation"] = awsmiddleware.GetRegion(ctx), awsmiddleware.GetOperationName(ctx)
	v := reflect.Indirect(reflect.ValueOf(input))
	if v.Kind() != reflect.Struct {
		return
	}
	for field, name := range recordedFields {
		f := v.FieldByName(field)
		if !f.IsValid() {
			continue
		}
		if text, ok := reflect.TypeAssert[*string](f); ok && text != nil {
			into[name] = *text
		}
	}
}

// endCall ends the step with what came back: a status is judged by its class, no answer at all is a fault.
func (s Span) endCall(meta middleware.Metadata, err error) {
	throttled := retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool() // DynamoDB's have status 400
	s.updateSegment(func(seg *xray.Segment) {
		seg.Throttle = throttled
		if id, ok := awsmiddleware.GetRequestIDMetadata(meta); ok {
			seg.GetAWS()["request_id"] = id
		}
	})
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() >= 400 {
		s.SetHTTPStatus(answer.HTTPStatusCode())
		s.closeSegment(err)
		return
	}
	s.End(err)
}

// headerMiddleware sets the header of each attempt. It is not signed: signers leave this one out.
type headerMiddleware struct{}

func (headerMiddleware) ID() string { return "TraceHeader" }

func (headerMiddleware) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		if h := HeaderFromContext(ctx); h != "" {
			r.Header.Set(HeaderName, h)
		}
	}
	return next.HandleDeserialize(ctx, in)
}
