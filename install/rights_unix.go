//go:build unix

package install

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// ownerOf answers the name of a folder's owner.
func ownerOf(dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", errors.New("this file system does not say who owns it")
	}
	u, err := user.LookupId(strconv.Itoa(int(st.Uid)))
	if err != nil {
		return "", fmt.Errorf("its owner has no name: %w", err)
	}
	return u.Username, nil
}

// mayChangeMachine says beforehand what would fail halfway.
func mayChangeMachine() error {
	if os.Geteuid() != 0 {
		return errors.New("only root may change the services of this machine; put sudo before the command")
	}
	return nil
}
