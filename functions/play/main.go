// Command play lets viewers in where there is no CDN, and serves the page to watch on.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"sluice/shared/domain/services"
	"sluice/shared/platform/runtime"
	"sluice/shared/play"
)

func main() {
	k := runtime.New("play")
	client := secretsmanager.NewFromConfig(k.AWS())
	key := func(ctx context.Context) (string, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(os.Getenv(services.EnvPlaybackKey))})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	}
	p := &play.Player{Media: k.Media(), Secret: key, MediaURL: os.Getenv(services.EnvPlaybackURL), Now: k.Now, Log: k.Log}
	k.Serve(p.Handler())
}
