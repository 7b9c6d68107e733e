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

// recordedFields maps the fields of a call's input that are recorded to the names that X-Ray's console uses.
var recordedFields = map[string]string{
	"QueueUrl": "queue_url", "TopicArn": "topic_arn", "TableName": "table_name", "Bucket": "bucket_name",
}

// InstrumentAWS makes the clients that are created with cfg record their calls as steps of the root span in the
// context, and send the trace header. Unlike the SDK's instrumentation/awsv2 it keeps Lineage, records the resource but
// no texts of errors, and does not record a 4xx (a failed condition, a missing key) as a fault. Presigning makes no
// call and records nothing.
func InstrumentAWS(cfg *aws.Config) {
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		if len(stack.Deserialize.List()) == 0 { // presigning: there is no response
			return nil
		}
		return errors.Join(
			stack.Initialize.Add(spanMiddleware{}, middleware.After),
			stack.Deserialize.Add(headerMiddleware{}, middleware.Before), // after signing, in each attempt
		)
	})
}

// spanMiddleware records a call with all its attempts as a step.
type spanMiddleware struct{}

func (spanMiddleware) ID() string { return "TraceStep" }

func (spanMiddleware) HandleInitialize(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	ctx, s := StartSpan(ctx, awsmiddleware.GetServiceID(ctx))
	s.updateSegment(func(seg *xray.Segment) {
		seg.Namespace = "aws"
		describeCall(ctx, in.Parameters, seg.GetAWS())
	})
	out, meta, err := next.HandleInitialize(ctx, in)
	s.endCall(meta, err)
	return out, meta, err
}

// describeCall sets the region, operation and resource of a call.
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

// endCall ends the step of a call: by the class of the response's status, or as a fault if there is no response.
func (s Span) endCall(meta middleware.Metadata, err error) {
	// DynamoDB throttles with status 400
	throttled := retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool()
	s.updateSegment(func(seg *xray.Segment) {
		seg.Throttle = throttled
		if id, ok := awsmiddleware.GetRequestIDMetadata(meta); ok {
			seg.GetAWS()["request_id"] = id
		}
	})
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() >= 400 {
		s.SetHTTPStatus(response.HTTPStatusCode())
		s.closeSegment(err)
		return
	}
	s.End(err)
}

// headerMiddleware sets the trace header of each attempt. Signatures do not cover this header.
type headerMiddleware struct{}

func (headerMiddleware) ID() string { return "TraceHeader" }

func (headerMiddleware) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		if h := HeaderFromContext(ctx); h != "" {
			r.Header.Set(HeaderName, h)
		}
	}
	return next.HandleDeserialize(ctx, in)
}
