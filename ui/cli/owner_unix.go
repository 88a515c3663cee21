//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// ownedByUs refuses a folder that belongs to another user, root included: what
// it wrote there, the folder's owner could not read.
func ownedByUs(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the data folder: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return nil
	}
	owner := "user " + strconv.Itoa(int(st.Uid))
	if u, err := user.LookupId(strconv.Itoa(int(st.Uid))); err == nil {
		owner = u.Username
	}
	return &remoteError{fmt.Sprintf("the data folder belongs to %s", owner), fmt.Sprintf("run this as %s, for example with sudo -u %s", owner, owner)}
}

// onlyOwner refuses a folder that somebody else owns or may enter.
func onlyOwner(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("looking at the folder of the command socket: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is open to other users; remove it and start again", dir)
	}
	return nil
}
