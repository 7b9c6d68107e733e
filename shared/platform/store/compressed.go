package store

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// compressedText is text that is stored deflated. DynamoDB counts each kilobyte of a row that is written, and one row takes 1,000
// of them a second.
type compressedText string

// MarshalDynamoDBAttributeValue deflates the text.
func (p compressedText) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, string(p))
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return &types.AttributeValueMemberB{Value: b.Bytes()}, nil
}

// UnmarshalDynamoDBAttributeValue takes text that was never deflated as well: rows had it so.
func (p *compressedText) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		*p = compressedText(v.Value)
		return nil
	case *types.AttributeValueMemberB:
		var text strings.Builder
		_, err := io.Copy(&text, flate.NewReader(bytes.NewReader(v.Value)))
		*p = compressedText(text.String())
		return err
	}
	return fmt.Errorf("%T is no packed text", v)
}
