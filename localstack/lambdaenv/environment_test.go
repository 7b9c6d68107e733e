package lambdaenv_test

import (
	"testing"

	"sluice/localstack/lambdaenv"
	"sluice/shared/domain/services"
)

func TestFunctionsSeeTheirVariables(t *testing.T) {
	t.Parallel()
	for _, s := range services.Map {
		for _, name := range append(
			s.RequiredEnv(), services.EnvXRayDaemon, services.EnvXRayEndpoint, services.EnvFetchCA,
		) {
			if !lambdaenv.IsFunctionVariable(name) {
				t.Errorf("%s does not see %s", s.Name, name)
			}
		}
	}
	for _, name := range []string{
		"HOME", "TMPDIR", "PATH", "PYTHONPATH", "SLUICE_CLOUD", "AWS_CONFIG_FILE", "AWS_EC2_METADATA_DISABLED",
		"GATEWAY_PORT",
	} {
		if lambdaenv.IsFunctionVariable(name) {
			t.Errorf("functions see the emulator's %s", name)
		}
	}
}
