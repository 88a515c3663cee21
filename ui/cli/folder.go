package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"nightbell/appliance"
	"nightbell/appliance/vault"
)

// defaultData is where `install` puts the data folder on this system.
func defaultData() string {
	switch runtime.GOOS {
	case "windows":
		return filepath.Join(os.Getenv("ProgramData"), "Nightbell")
	case "darwin":
		return "/Library/Application Support/Nightbell"
	}
	return "/var/lib/nightbell"
}

// dataFolder is the --data folder as a full path, so that the service and the
// command mean the same place.
func (e *env) dataFolder() (string, error) {
	dir, err := filepath.Abs(e.data)
	if err != nil {
		return "", fmt.Errorf("finding the data folder: %w", err)
	}
	return dir, nil
}

// put asks the appliance: the service where one runs, or the data folder itself.
func put[A, R any](ctx context.Context, e *env, q ask[A, R], args A, p progress) (answer R, err error) {
	if p == nil {
		p = func(int64, int64) {}
	}
	data, err := e.dataFolder()
	if err != nil {
		return answer, err
	}
	raw, err := overSocket(ctx, data, q.name, args, p)
	switch {
	case err == nil:
		if err := json.Unmarshal(raw, &answer); err != nil {
			return answer, &remoteError{"the service's answer cannot be read", "restart it, so that both are of the same version"}
		}
		return answer, nil
	case !errors.Is(err, errNoService):
		return answer, err
	}
	a, err := openStopped(ctx, e, data)
	if err != nil {
		return answer, err
	}
	answer, err = q.do(ctx, a, args, p)
	return answer, errors.Join(err, a.Close())
}

// openStopped opens the data folder in this process. Only its owner may: files
// that root made there could not be read by the service.
func openStopped(ctx context.Context, e *env, data string) (*appliance.Appliance, error) {
	if err := practiceIn(data); err != nil {
		return nil, err
	}
	if err := vault.NoCoreDumps(); err != nil {
		return nil, err
	}
	return appliance.Open(ctx, appliance.Options{Dir: data, Log: e.log()})
}

// practiceIn refuses a folder without a store, or of another owner, before
// anything is made there: a disk that is not mounted leaves an empty folder.
func practiceIn(data string) error {
	if _, err := os.Stat(filepath.Join(data, "store.db")); errors.Is(err, os.ErrNotExist) {
		return noPractice(data)
	}
	return ownedByUs(data)
}

func noPractice(data string) error {
	if _, err := os.Stat(filepath.Join(data, "keys")); err == nil {
		return &remoteError{fmt.Sprintf("store.db is missing from %s", data), "leave this folder as it is, and restore the newest backup into another one with `nightbell backup restore`"}
	}
	return &remoteError{fmt.Sprintf("there is no practice in %s", data), "make one with `nightbell init`, or name its folder with --data"}
}

func encodeBody(args any) (io.Reader, error) {
	b, err := json.Marshal(args)
	if err != nil {
		return nil, fmt.Errorf("encoding the arguments: %w", err)
	}
	return bytes.NewReader(b), nil
}
