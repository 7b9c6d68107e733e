package item

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// CompressedText is text that is stored as DEFLATE data (RFC 1951). DynamoDB counts every kilobyte that is written to a
// row, and accepts 1,000 of them per second for one row.
type CompressedText string

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (t CompressedText) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, string(t))
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return &types.AttributeValueMemberB{Value: b.Bytes()}, nil
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler. It also reads plain text, which older rows
// have.
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
