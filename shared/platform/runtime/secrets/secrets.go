// Package secrets reads secrets for functions. It needs secretsmanager:GetSecretValue on them.
package secrets

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"sluice/shared/platform/runtime"
)

// NewReader returns a function that reads the secret whose ARN a setting holds from Secrets Manager, anew at each call.
func NewReader(r runtime.Runtime, variable string) func(context.Context) (string, error) {
	client := secretsmanager.NewFromConfig(r.AWSConfig())
	return func(ctx context.Context) (string, error) {
		out, err := client.GetSecretValue(ctx,
			&secretsmanager.GetSecretValueInput{SecretId: aws.String(os.Getenv(variable))})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	}
}
