package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// command runs a program of the machine. What it says goes into the error.
func command(words []string) func(context.Context) error {
	return func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", words[0], err), errors.New(strings.TrimSpace(string(out))))
		}
		return nil
	}
}

// copyProgram puts a copy where everybody can run it. A rename ends it, so that
// a program that runs there goes on and the next start is of the new one.
func copyProgram(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.CreateTemp(filepath.Dir(to), ".nightbell-*")
	if err != nil {
		return err
	}
	defer os.Remove(dst.Name()) // of a copy that was not finished
	_, err = io.Copy(dst, src)
	err = errors.Join(err, dst.Chmod(0o755), dst.Sync(), dst.Close())
	if err != nil {
		return err
	}
	return os.Rename(dst.Name(), to)
}

// giveFolder makes a folder and all in it a user's own, and closes it to others.
// It follows no links: what they lead to is not ours.
func giveFolder(dir, name string) error {
	uid, gid, err := ids(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
	if err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// ownFile makes a file, if it is not there, and gives it to a user.
func ownFile(path, name string) error {
	uid, gid, err := ids(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	return errors.Join(f.Chown(uid, gid), f.Close())
}

func ids(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return uid, gid, errors.Join(err1, err2)
}
