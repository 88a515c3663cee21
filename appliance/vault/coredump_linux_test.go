package vault_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"nightbell/appliance/vault"
)

func TestNoCoreDumps(t *testing.T) {
	if err := vault.NoCoreDumps(); err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("the limit for core files is %+v (%v)", limit, err)
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || dumpable != 0 {
		t.Errorf("the process is dumpable: %d (%v)", dumpable, err)
	}
	if err := vault.NoCoreDumps(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}
