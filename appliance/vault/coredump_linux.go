package vault

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// NoCoreDumps keeps the process's memory, with the keys in it, out of core
// dumps, and from other processes of the same user. It is called once, before
// anything secret is in memory.
func NoCoreDumps() error {
	if err := noCoreFiles(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("turning core dumps off: %w", err)
	}
	return nil
}
