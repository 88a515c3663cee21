package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"nightbell/appliance/store"
)

// A process is killed while eight callers write; what it had said was kept is
// there, and the next goes on in the same store. The test runs itself again as
// that process.
func TestKilled(t *testing.T) {
	const child = "STORE_TEST_KILLED"
	if dir := os.Getenv(child); dir != "" {
		writeUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	said := map[string]bool{}
	for round := range 6 {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			said[lines.Text()] = true
			if n == 40*(round+1) {
				cmd.Process.Kill() // what it still says until it is dead counts too
			}
		}
		cmd.Wait()
		s := open(t, small(dir))
		for key := range said {
			if _, ok := get(t, s, "b", key); !ok {
				t.Errorf("round %d: %s was said to be kept and is lost", round, key)
			}
		}
		s.Close()
	}
	if len(said) < 200 {
		t.Errorf("only %d were said to be kept", len(said))
	}
}

func writeUntilKilled(t *testing.T, dir string) {
	s := open(t, small(dir))
	var all sync.WaitGroup
	for c := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprint(os.Getpid(), "/", c, "/", i)
				err := s.Update(background(), func(tx *store.Tx) error { return tx.Put("b", key, make([]byte, 500)) })
				if err != nil {
					t.Error(err)
					return
				}
				os.Stdout.WriteString(key + "\n") // one write a line: never half of one
			}
		})
	}
	all.Wait()
}
