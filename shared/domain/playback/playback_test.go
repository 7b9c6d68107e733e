package playback_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
)

func TestNewID(t *testing.T) {
	t.Parallel()
	zeros, err := playback.NewID(bytes.NewReader(make([]byte, 20)))
	if err != nil {
		t.Fatal(err)
	}
	if want := "p" + strings.Repeat("a", 32); zeros != want {
		t.Errorf("NewID = %s, want %s", zeros, want)
	}
	if !playback.ValidID(zeros) || playback.NeedsToken(zeros) {
		t.Errorf("%s should be valid and public", zeros)
	}
	if got, want := playback.ObjectPrefix(zeros), "v/"+zeros+"/"; got != want {
		t.Errorf("Prefix = %s, want %s", got, want)
	}
	if _, err := playback.NewID(bytes.NewReader(make([]byte, 19))); errs.KindOf(err) != errs.Internal {
		t.Errorf("with too little entropy: %v, want an internal error", err)
	}
}

func TestValidID(t *testing.T) {
	t.Parallel()
	good := "p" + strings.Repeat("a2", 16)
	for name, row := range map[string]struct {
		id   string
		want bool
	}{
		"public":       {good, true},
		"signed":       {"s" + good[1:], true},
		"other policy": {"q" + good[1:], false},
		"short":        {good[:32], false},
		"long":         {good + "a", false},
		"upper case":   {strings.ToUpper(good), false},
		"digit 1":      {good[:32] + "1", false},
		"slash":        {good[:32] + "/", false},
		"dots":         {"p" + strings.Repeat("..", 16), false},
		"newline":      {good + "\n", false},
		"empty":        {"", false},
	} {
		if got := playback.ValidID(row.id); got != row.want {
			t.Errorf("%s: Valid(%q) = %v", name, row.id, got)
		}
	}
}

// TestVerifyTokenVectors checks VerifyToken with the vectors that every implementation must satisfy. Another program
// made the file.
func TestVerifyTokenVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Now   int64
		Keys  map[string]string
		Cases []struct{ Name, Token, Playback, Want string }
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases: %v", len(file.Cases), err)
	}
	keys := playback.SigningKeys{}
	for id, secret := range file.Keys {
		keys[id] = []byte(secret)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			err := playback.VerifyToken(c.Token, c.Playback, time.Unix(file.Now, 0), keys)
			if got := codeOf(err); got != c.Want {
				t.Errorf("Verify = %q, want %q", got, c.Want)
			}
			if err != nil && errs.KindOf(err) != errs.Forbidden {
				t.Errorf("kind = %s", errs.KindOf(err))
			}
		})
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return string(errs.ProblemOf(err).Code)
}

// TestTokenIsValidForOneVideoAndTime: a token is valid for its id until it expires, and for no other id, time or key.
func TestTokenIsValidForOneVideoAndTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[ps][a-z2-7]{32}`).Draw(t, "id")
		other := rapid.StringMatching(`s[a-z2-7]{32}`).Filter(func(s string) bool { return s != id }).Draw(t, "other")
		key := rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "key")
		now := time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "now"), 0)
		left := time.Duration(rapid.IntRange(1, 1e6).Draw(t, "left")) * time.Second
		keys := playback.SigningKeys{"1": key}
		token := playback.SignToken(id, now.Add(left), "1", keys)
		if err := playback.VerifyToken(token, id, now, keys); err != nil {
			t.Fatalf("own token: %v", err)
		}
		if got := codeOf(playback.VerifyToken(token, id, now.Add(left), keys)); got != "token_expired" {
			t.Fatalf("when it expires: %q", got)
		}
		if got := codeOf(playback.VerifyToken(token, other, now, keys)); got != "token_invalid" {
			t.Fatalf("another id: %q", got)
		}
		if got := codeOf(playback.VerifyToken(
			token, id, now, playback.SigningKeys{"1": append(key, 1)},
		)); got != "token_invalid" {
			t.Fatalf("another key: %q", got)
		}
	})
}

func FuzzVerifyToken(f *testing.F) {
	id := "s" + strings.Repeat("a", 32)
	keys := playback.SigningKeys{"1": []byte("secret")}
	now := time.Unix(1_700_000_000, 0)
	good := playback.SignToken(id, now.Add(time.Minute), "1", keys)
	f.Add(good)
	f.Add("public")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if err := playback.VerifyToken(token, id, now, keys); (err == nil) != (token == good) {
			// A token with another expiry would be valid too, but its signature can't be guessed.
			t.Errorf("Verify(%q) = %v", token, err)
		}
	})
}
