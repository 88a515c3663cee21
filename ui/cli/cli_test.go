package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"nightbell/ui/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"nightbell": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the files of testdata, which read like the README.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TMPDIR", e.Getenv("WORK"))
			e.Setenv("TZ", "America/New_York")
			return os.WriteFile(filepath.Join(e.Getenv("WORK"), "pw"), []byte("paper lantern over a quiet harbour\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serving": serving,
			"exits":   exits,
			"hook":    hook,
			"heard":   heard,
		},
	})
}

var listens = regexp.MustCompile(`"https":"([^"]+)"`)

// serving waits until the service in a data folder answers: `serving DATA`, and
// puts the address of its pages into HTTPS.
// It asks again and again without a pause; each asking is a process of its own.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serving DATA")
	}
	for range 2000 {
		if err := ts.Exec("nightbell", "status", "--json", "--data", args[0]); err == nil && !strings.Contains(ts.ReadFile("stdout"), `"state":"stopped"`) {
			if at := listens.FindStringSubmatch(ts.ReadFile("stdout")); at != nil {
				ts.Setenv("HTTPS", at[1])
			}
			return
		}
	}
	ts.Fatalf("the service in %s does not answer", args[0])
}

// exits runs a command and wants an exit code: `exits 2 nightbell ...`.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = strconv.Itoa(exit.ExitCode())
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}
