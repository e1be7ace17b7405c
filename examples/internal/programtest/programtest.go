// Package programtest runs an example in the tests of it: their binary is the program, too.
//
//	func TestMain(m *testing.M) {
//		programtest.Child(main)
//		m.Run()
//	}
package programtest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const variable = "RESIDUUM_TEST_PROGRAM"

// Child runs the program and ends the process, if that was started by [Command].
func Child(program func()) {
	if os.Getenv(variable) != "" {
		program()
		os.Exit(0)
	}
}

// Command returns a process of the program with these arguments.
func Command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), variable+"=1")
	return cmd
}

// Run runs the program to its end and returns the exit status, what it answers and what it writes to standard error.
func Run(t *testing.T, stdin []byte, args ...string) (status int, answers, notes string) {
	t.Helper()
	cmd := Command(args...)
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), complaints.String()
}

// Loosely returns a regular expression that matches s however its words are broken into lines.
func Loosely(s string) string { return strings.Join(strings.Fields(regexp.QuoteMeta(s)), `\s+`) }
