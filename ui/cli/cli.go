// Package cli is Nightbell's command line: thin commands, one file a group,
// that read flags, ask the appliance and print the answer.
//
// It is a contract that scripts lean on: the names, the JSON fields and the
// exit codes stay. Where a service runs on the data folder, a command asks it
// over its socket; otherwise it opens the folder itself (folder.go). It holds no
// rule of its own: what may be done, and how, is decided in the rooms below.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes of every command.
const (
	exitDone  = 0
	exitFail  = 1 // it failed; one line says why and what to do
	exitUsage = 2 // wrong usage
	exitCheck = 3 // a check found something wrong: verify, doctor, drill
)

// Main runs one command line and answers its exit code.
func Main(args []string, in *os.File, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := &env{in: in, out: out, errs: errs}
	root := newRoot(e)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	return e.exit(root.ExecuteContext(ctx))
}

// env is what the commands of one run share: where to read and write, and the
// global flags.
type env struct {
	in        *os.File
	out, errs io.Writer

	data  string
	json  bool
	quiet bool

	stdinRead bool // standard input holds one secret, once
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "nightbell",
		Short:         "A medical answering desk for a small practice, on its own server",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := root.PersistentFlags()
	flags.StringVar(&e.data, "data", defaultData(), "data folder of the appliance")
	flags.BoolVar(&e.json, "json", false, "answer in JSON: one object, or one object a line for lists")
	flags.BoolVar(&e.quiet, "quiet", false, "say only what went wrong")
	root.AddCommand(
		newInit(e), newServe(e), newStatus(e), newVersion(e), newDemo(e),
		newInstall(e), newUninstall(e), newStart(e), newStop(e),
		newUser(e), newDevice(e), newOnCall(e), newProtocol(e), newConfig(e),
		newMessage(e), newQueue(e), newLock(e), newBackup(e), newAudit(e), newWatch(e),
	)
	for _, c := range everyCommand(root) {
		c.Args = usageArgs(c.Args)
		if !c.Runnable() {
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
	return root
}

func everyCommand(c *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		list = append(list, everyCommand(sub)...)
	}
	return list
}

// usageArgs makes wrong words, and flags that are missing, wrong usage: exit 2.
// A group refuses a command that it does not have in the same way.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.NoArgs
	}
	return func(c *cobra.Command, args []string) error {
		err := check(c, args)
		if err == nil {
			err = c.ValidateRequiredFlags()
		}
		if err != nil {
			return usageError{fmt.Errorf("%w (try `%s --help`)", err, c.CommandPath())}
		}
		return nil
	}
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// checkFailed is a check that ran to its end and found something wrong.
type checkFailed struct{ error }

// todo is an error that knows what a person can do about it.
type todo interface{ Todo() string }

// exit prints an error in one line, with what to do, and answers the exit code.
func (e *env) exit(err error) int {
	if err == nil {
		return exitDone
	}
	line := err.Error()
	var help todo
	if errors.As(err, &help) && help.Todo() != "" {
		line += "; " + help.Todo()
	}
	fmt.Fprintf(e.errs, "nightbell: %s\n", line)
	var usage usageError
	var check checkFailed
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &check):
		return exitCheck
	}
	return exitFail
}

// say prints a line for people, unless --quiet or --json was asked for.
func (e *env) say(format string, args ...any) {
	if !e.quiet && !e.json {
		fmt.Fprintf(e.out, format+"\n", args...)
	}
}

// terminal says whether progress may be drawn on the error output.
func (e *env) terminal() bool {
	f, ok := e.errs.(*os.File)
	return ok && !e.quiet && term.IsTerminal(int(f.Fd()))
}

// log is where a command that opens the appliance itself reports: only what
// went wrong.
func (e *env) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(e.errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
