package cloud

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// copyDependencies is the Maven goal that downloads the pinned dependencies of a project.
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

// installDynamoDB downloads DynamoDB Local from the repositories that Maven is configured with, refuses a file without
// its pinned hash, and compiles the main class that keeps it on the loopback interface.
func (c *Cloud) installDynamoDB(ctx context.Context) error {
	java, err := findJDK(ctx)
	if err != nil {
		return err
	}
	lib, classes := c.buildPath("dynamodb", "lib"), c.buildPath("dynamodb", "classes")
	for _, folder := range []string{lib, classes} {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	err = runCommand(ctx, command{
		argv: []string{
			"mvn", "--quiet", "--batch-mode", "--file", c.pinPath("executor/dynamodb/pom.xml"), copyDependencies,
			"-DincludeScope=runtime", "-DoutputDirectory=" + lib,
		},
		dir: c.Root, env: append(os.Environ(), "JAVA_HOME="+java), log: c.buildPath("install.log"),
	})
	if err != nil {
		return err
	}
	if err := verifyChecksums(lib, c.pinPath("executor/dynamodb/sha256")); err != nil {
		return err
	}
	return c.runInstaller(ctx, filepath.Join(java, "bin", "javac"), "-cp", filepath.Join(lib, "*"), "-d", classes,
		c.pinPath("executor/dynamodb/LoopbackServer.java"))
}

// verifyChecksums compares the files in folder with a list in the format of sha256sum. A missing or further file is an
// error.
func verifyChecksums(folder, list string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	want := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return fmt.Errorf("%s: no sum and name: %s", list, strings.TrimSpace(line))
		}
		want[name] = sum
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return err
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(text)); sum != want[file.Name()] {
			return fmt.Errorf("%s is not the file that %s pins: its SHA-256 is %s", file.Name(), list, sum)
		}
		delete(want, file.Name())
	}
	if len(want) > 0 {
		return fmt.Errorf("missing in %s: %s", folder, strings.Join(slices.Sorted(maps.Keys(want)), ", "))
	}
	return nil
}
