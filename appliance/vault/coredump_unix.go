//go:build unix

package vault

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// noCoreFiles sets the limit for core files to nothing, for this process and
// whatever it starts.
func noCoreFiles() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("turning core dumps off: %w", err)
	}
	return nil
}
