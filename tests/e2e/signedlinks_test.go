//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/shared/domain/playback"
	"sluice/shared/domain/services"
)

// TestSignedLinkIsCheckedWithDeployedKey asks for a segment with tokens that are signed with the key in Secrets
// Manager.
func TestSignedLinkIsCheckedWithDeployedKey(t *testing.T) {
	t.Parallel()
	d := openDeployment(t)
	id := "s" + strings.Repeat("a2", 16)
	keys := playback.SigningKeys{"1": d.readPlaybackKey(t)}
	sign := func(id string, life time.Duration) string {
		return playback.SignToken(id, time.Now().Add(life), "1", keys)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tt := range []struct {
		name, token string
		want        int
	}{
		{"valid", sign(id, time.Hour), http.StatusFound},
		{"expired", sign(id, -time.Minute), http.StatusForbidden},
		{"of another video", sign("s"+strings.Repeat("b3", 16), time.Hour), http.StatusForbidden},
		{"public", playback.PublicToken, http.StatusForbidden},
	} {
		req, err := http.NewRequestWithContext(
			t.Context(), http.MethodGet, d.env.APIURL+"/p/"+tt.token+"/"+id+"/720p/00001.m4s", nil,
		)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != tt.want {
			t.Errorf("%s: %s, want %d", tt.name, res.Status, tt.want)
		}
	}
}

// readPlaybackKey returns the secret of playback tokens.
func (d deployment) readPlaybackKey(t *testing.T) []byte {
	t.Helper()
	var function struct {
		Environment struct{ Variables map[string]string }
	}
	d.callLambda(t, http.MethodGet, "functions/sluice-play/configuration", nil, &function)
	var secret struct{ SecretString string }
	id := map[string]string{"SecretId": function.Environment.Variables[services.EnvPlaybackKey]}
	d.callAWS(t, "secretsmanager", map[string]string{
		"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue",
	}, encodeJSON(t, id), &secret)
	return []byte(secret.SecretString)
}
