package store_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Where the system refuses 8 GiB of addresses, the store opens with fewer. The
// test runs itself again as a process that has 2 GiB more than it uses.
func TestOpensInLittleAddressSpace(t *testing.T) {
	const child = "STORE_TEST_LITTLE_ADDRESS_SPACE"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("opened with little")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var pages uint64
	if _, err := fmt.Fscan(strings.NewReader(string(b)), &pages); err != nil {
		t.Fatal(err)
	}
	limit := pages*uint64(os.Getpagesize()) + 2<<30
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Fatal(err)
	}
	s := open(t, small(t.TempDir()))
	put(t, s, "b", "k", strings.Repeat("v", 1<<19))
	t.Log("opened with little")
}
