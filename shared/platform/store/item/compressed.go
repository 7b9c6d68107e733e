package item

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// CompressedText is text that is stored as DEFLATE data (RFC 1951) if it is long. DynamoDB counts every kilobyte that
// is written to a row, and accepts 1,000 of them per second for one row; a short text is within the first kilobyte
// anyway.
type CompressedText string

// minCompressedBytes is the length from which a text is compressed.
const minCompressedBytes = 800

// compressors are reused: a new one allocates and clears most of a megabyte.
var compressors = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // it fails only for an invalid level
	return w
}}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (t CompressedText) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if len(t) < minCompressedBytes {
		return &types.AttributeValueMemberS{Value: string(t)}, nil
	}
	var b bytes.Buffer
	w := compressors.Get().(*flate.Writer)
	defer compressors.Put(w)
	w.Reset(&b)
	_, err := io.WriteString(w, string(t))
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return &types.AttributeValueMemberB{Value: b.Bytes()}, nil
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (t *CompressedText) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		*t = CompressedText(v.Value)
		return nil
	case *types.AttributeValueMemberB:
		var text strings.Builder
		_, err := io.Copy(&text, flate.NewReader(bytes.NewReader(v.Value)))
		*t = CompressedText(text.String())
		return err
	}
	return fmt.Errorf("%T is not compressed text", v)
}
