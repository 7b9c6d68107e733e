package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"sluice/tests/client"
)

// Without its null packets, the stream is the clip.
func TestPaddedTransportStreamHasTheClipsPackets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 1_000_000).Draw(t, "size")
		got := padTransportStream(transportClip, size)
		if len(got)%188 != 0 || int64(len(got)) > max(size, int64(len(transportClip))) ||
			int64(len(got)) <= size-188 {
			t.Fatalf("%d bytes for %d", len(got), size)
		}
		var kept []byte
		for packet := range slices.Chunk(got, 188) {
			if packet[0] != 0x47 {
				t.Fatal("a packet without the sync byte")
			}
			if int(packet[1]&0x1f)<<8|int(packet[2]) != 0x1fff {
				kept = append(kept, packet...)
			}
		}
		if !bytes.Equal(kept, transportClip) {
			t.Fatal("the packets are not those of the clip")
		}
	})
}

func TestReportsHideAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Get \"https://abc.amazonaws.com/prod/v1\": timeout":           `Get "(hidden)": timeout`,
		"lookup d111.cloudfront.net: no such host":                     "lookup (hidden) no such host",
		"arn:aws:sqs:eu-west-1:123456789012:sluice-encode is\n denied": "(hidden) is denied",
		"of 123456789012, by 0a1b2c3d4e5f":                             "of (hidden), by 0a1b2c3d4e5f",
		"vid_01M8GKVZK1P0B8DV1D is failed":                             "vid_01M8GKVZK1P0B8DV1D is failed",
	} {
		if got := hideAddresses(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAdviceFitsTheError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		check string
		err   error
		want  string
	}{
		{"", fmt.Errorf("x: %w", syscall.ECONNREFUSED), "make up deploy-local"},
		{"", fmt.Errorf("%w: x", errNoStack), "-stack"},
		{"", fmt.Errorf("%w: x", errNoToken), "execute-api:Invoke"},
		{"upload", &client.Failure{Code: "decode_failed"}, "docs/errors.md"},
		{"upload", &client.Problem{Status: 503}, "ten invocations"},
		{"upload", &client.Problem{Status: 403}, "clock"},
		{"trace", &client.Problem{Status: 501}, "no X-Ray"},
		{"upload", errors.New("something else"), ""},
	} {
		if got := adviseNext(tt.check, tt.err); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s, %v: %q, want %q", tt.check, tt.err, got, tt.want)
		}
	}
}

func TestClipsAreSmall(t *testing.T) {
	t.Parallel()
	if len(referenceClip) > 100_000 || len(transportClip) > 100_000 {
		t.Errorf("%d and %d bytes", len(referenceClip), len(transportClip))
	}
}
