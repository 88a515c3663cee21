package install

import (
	"errors"

	"golang.org/x/sys/windows"
)

// ownerOf answers nobody: on Windows the service has an account of its own, and
// the folder's list of rights is what counts.
func ownerOf(string) (string, error) { return "", nil }

// mayChangeMachine says beforehand what would fail halfway.
func mayChangeMachine() error {
	if !windows.GetCurrentProcessToken().IsElevated() {
		return errors.New("only an administrator may change the services of this machine; open the terminal with \"Run as administrator\"")
	}
	return nil
}
