package lambdaenv_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/localstack/lambdaenv"
)

func TestRootEnforcesAllConditions(t *testing.T) {
	needsRoot(t, "all of Lambda's conditions")
	found, err := lambdaenv.Probe(buildLauncher(t), lambdaenv.Description{Mode: lambdaenv.ModeRoot, State: t.TempDir()})
	must(t, err)
	for _, c := range found.Conditions(lambdaenv.ProbeTmp) {
		if !c.Held {
			t.Errorf("not held: %s (%s)", c.Name, c.Detail)
		}
	}
	if found.UserID != lambdaenv.UserID || found.GroupID != lambdaenv.GroupID {
		t.Errorf("a function is %d:%d", found.UserID, found.GroupID)
	}
	for _, name := range []string{"HOME", "TMPDIR", "PYTHONPATH", "SLUICE_CLOUD"} {
		if i := slices.IndexFunc(found.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") }); i >= 0 {
			t.Errorf("a function sees %s", found.Env[i])
		}
	}
}

// Each mode for people who are not root is tried as such a one: root becomes it.
func TestOthersEnforceWhatTheyCan(t *testing.T) {
	needsRoot(t, "the modes of people who are not root, as this starts them as another user")
	for _, c := range []struct {
		mode    lambdaenv.Mode
		missing []string
	}{
		{
			lambdaenv.ModeUserNamespace,
			[]string{
				"/tmp has the size in the map", "memory is limited as in the map", "code is at /var/task and root's",
			},
		},
		{lambdaenv.ModeLandlock, []string{
			"nothing but /tmp is writable", "/tmp has the size in the map", "memory is limited as in the map",
			"there is no /dev/shm", "code is at /var/task and root's", "the environment is Lambda's and its own",
			"no process of others is seen",
		}},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			state := makeUserDir(t)
			home := filepath.Join(state, "home")
			must(t, errors.Join(os.Mkdir(home, 0o777), os.Chmod(home, 0o777)))
			found, err := probeAsUser(t, lambdaenv.Description{Mode: c.mode, State: state, Home: home})
			if err != nil {
				t.Skipf("this machine has no %s: %v", c.mode, err)
			}
			var missing []string
			for _, one := range found.Conditions(lambdaenv.ProbeTmp) {
				if !one.Held {
					missing = append(missing, one.Name)
				}
			}
			if !slices.Equal(missing, c.missing) {
				t.Errorf("not held: %q\nwant %q\n%+v", missing, c.missing, found)
			}
			if c.mode == lambdaenv.ModeLandlock && (len(found.Writable) != 1 ||
				!strings.HasPrefix(found.Writable[0], state)) {
				t.Errorf("writable: %q", found.Writable)
			}
		})
	}
}

func TestCIEnforcesAllOrFails(t *testing.T) {
	needsRoot(t, "what somebody who is not root gets, as this starts it as another user")
	cmd := commandAsUser(t, nobody, chooseEnv+"="+copyLauncher(t, makeUserDir(t)), "CI=true")
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "which only root can enforce") {
		t.Errorf("in CI, without root: %s, %v", out, err)
	}
}

// makeUserDir returns a folder of the user nobody.
func makeUserDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lambdaenv-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, nobody, nobody)))
	return dir
}

// probeAsUser has the test binary probe as the user nobody.
func probeAsUser(t *testing.T, d lambdaenv.Description) (found lambdaenv.Findings, err error) {
	t.Helper()
	launcher := copyLauncher(t, d.State)
	what, err := json.Marshal(d)
	must(t, err)
	cmd := commandAsUser(t, nobody, probeEnv+"="+launcher+" "+string(what))
	cmd.Env = append(cmd.Env, "PATH=/usr/bin:/bin")
	out, err := cmd.Output()
	if err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			err = errors.New(string(ended.Stderr))
		}
		return found, err
	}
	return found, json.Unmarshal(out, &found)
}

// copyLauncher returns the launcher in dir, for a user who can't reach where it was built.
func copyLauncher(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "launcher")
	text, err := os.ReadFile(buildLauncher(t))
	must(t, err)
	must(t, os.WriteFile(path, text, 0o755))
	return path
}
