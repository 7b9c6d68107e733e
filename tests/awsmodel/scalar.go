package awsmodel

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// readers read a value as a scalar type: as string, float64, bool, []byte or time.Time.
var readers = map[string]func(v any) (any, error){
	"string":    readString,
	"integer":   readInteger(32),
	"long":      readInteger(64),
	"float":     readFloat,
	"double":    readFloat,
	"boolean":   readBool,
	"blob":      readBlob,
	"timestamp": readTimestamp,
}

func readString(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case text:
		return string(v), nil
	case payload:
		return string(v), nil
	}
	return nil, fmt.Errorf("is %T, not a string", v)
}

func readInteger(bits int) func(any) (any, error) {
	return func(v any) (any, error) {
		digits, err := readNumber(v)
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseInt(digits, 10, bits)
		if err != nil {
			return nil, fmt.Errorf("%q is no integer of %d bits", digits, bits)
		}
		return float64(n), nil
	}
}

func readFloat(v any) (any, error) {
	digits, err := readNumber(v)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no number", digits)
	}
	return n, nil
}

// readNumber returns the digits of a number.
func readNumber(v any) (string, error) {
	switch v := v.(type) {
	case json.Number:
		return v.String(), nil
	case text:
		return string(v), nil
	}
	return "", fmt.Errorf("is %T, not a number", v)
}

func readBool(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case text:
		if v == "true" || v == "false" {
			return v == "true", nil
		}
	}
	return nil, fmt.Errorf("is %T, not true or false", v)
}

func readBlob(v any) (any, error) {
	switch v := v.(type) {
	case payload:
		return []byte(v), nil
	case string:
		return decodeBase64(v)
	case text:
		return decodeBase64(string(v))
	}
	return nil, fmt.Errorf("is %T, not bytes", v)
}

func decodeBase64(digits string) (any, error) {
	b, err := base64.StdEncoding.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("is not base64: %w", err)
	}
	return b, nil
}

// readTimestamp reads a timestamp in the format that is usual where it is: seconds in JSON, an HTTP date in a header,
// RFC 3339 elsewhere (https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html#timestamp-format).
func readTimestamp(v any) (at any, err error) {
	switch v := v.(type) {
	case json.Number:
		_, err = v.Float64()
	case headerText:
		at, err = http.ParseTime(string(v))
	case text:
		at, err = time.Parse(time.RFC3339, string(v))
	default:
		err = fmt.Errorf("is %T, not a timestamp", v)
	}
	return at, err
}
