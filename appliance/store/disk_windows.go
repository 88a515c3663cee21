package store

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/windows"
)

// diskFree answers the bytes that the disk of a folder has left for us.
func diskFree(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("asking for free space: %w", err)
	}
	return int64(free), nil
}

// allocated answers the bytes that a file has clusters for: NTFS gives a file
// all of them when it is made longer.
func allocated(fi fs.FileInfo) int64 { return fi.Size() }

// isFull says whether a write failed for want of room.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// SyncDir does nothing: NTFS journals folders by itself and syncs none on
// demand.
func SyncDir(string) error { return nil }
