//go:build linux && !race

package vault_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// One derivation takes 256 MiB; a run of them must take no more.
func TestRunOfDerivationsHoldsOneAtATime(t *testing.T) {
	h := newHouse(t)
	kit := h.writeKit()
	h.close()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childWork+"=derive", childDir+"="+h.dir, childKit+"="+kit)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the child failed: %v: %s", err, out)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	if peak > 380 {
		t.Errorf("two derivations one after the other peaked at %d MiB", peak)
	}
	t.Logf("peak %d MiB", peak)
}
