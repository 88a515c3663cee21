package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"nightbell/appliance/vault"
)

// maxSecret bounds a file that holds a password or an identity: a recovery kit
// with its QR code is about 8 KiB.
const maxSecret = 64 << 10

// password reads a password from a file, from standard input ("-"), or, where
// neither is given, from a prompt that does not echo. It is never an argument,
// where every user of the machine could read it.
func (e *env) password(file, prompt string) (string, error) {
	if err := vault.NoCoreDumps(); err != nil { // before a secret is in memory
		return "", err
	}
	switch {
	case file == "-":
		return e.passwordFromStdin()
	case file != "":
		b, err := readSecretFile(file)
		if err != nil {
			return "", err
		}
		return firstLine(b), nil
	}
	if !term.IsTerminal(int(e.in.Fd())) {
		return "", usageError{errors.New("give the password with --password-file FILE (or - for standard input)")}
	}
	fmt.Fprintf(e.errs, "%s: ", prompt)
	b, err := term.ReadPassword(int(e.in.Fd()))
	fmt.Fprintln(e.errs)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(b), nil
}

// newPassword is password, asked for twice where a person types it.
func (e *env) newPassword(file, prompt string) (string, error) {
	first, err := e.password(file, prompt)
	if err != nil || file != "" {
		return first, err
	}
	again, err := e.password("", "The same again")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

func (e *env) passwordFromStdin() (string, error) {
	if e.stdinRead {
		return "", usageError{errors.New("standard input can give one password only")}
	}
	e.stdinRead = true
	b, err := io.ReadAll(io.LimitReader(e.in, maxSecret))
	if err != nil {
		return "", fmt.Errorf("reading the password from standard input: %w", err)
	}
	return firstLine(b), nil
}

// identityFile reads an age identity or a recovery kit as it is; what it opens
// is decided where it is used.
func identityFile(path string) ([]byte, error) {
	if err := vault.NoCoreDumps(); err != nil {
		return nil, err
	}
	b, err := readSecretFile(path)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(b, []byte("AGE-SECRET-KEY-")) {
		return nil, fmt.Errorf("%s holds no age identity; give the recovery kit, or a file with a line that begins AGE-SECRET-KEY-", path)
	}
	return b, nil
}

func readSecretFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	if len(b) > maxSecret {
		return nil, fmt.Errorf("%s is too large to hold a password or a recovery kit", path)
	}
	return b, nil
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r")
}
