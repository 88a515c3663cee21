package backup

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nightbell/appliance/message"
)

// TestTheCommandsOfRestoreByHandBringTheMessagesBack runs exactly what stands in
// docs/restore-by-hand.md, with the age command of go.mod.
func TestTheCommandsOfRestoreByHandBringTheMessagesBack(t *testing.T) {
	p := newPractice(t)
	p.receive(2)
	p.takeBackup()
	p.receive(5)
	p.takeBackup()

	dir, bin := t.TempDir(), t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "age"), "filippo.io/age/cmd/age").CombinedOutput()
	if err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	text, err := p.kit.Text()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "kit.txt"), text, 0o600))
	page, err := os.ReadFile("../docs/restore-by-hand.md")
	must(t, err)
	script := "set -eu\n"
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(page, -1) {
		script += string(block[1])
	}
	c := exec.Command("sh", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "BACKUP="+p.target)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("the page's commands: %v\n%s", err, out)
	}
	checkByHand(t, dir)
}

func checkByHand(t *testing.T, dir string) {
	t.Helper()
	lines, err := os.ReadFile(filepath.Join(dir, "messages.jsonl"))
	must(t, err)
	messages := 0
	for line := range bytes.Lines(lines) {
		rec, err := message.DecodeRecord(line)
		must(t, err)
		messages++
		for _, f := range rec.Files {
			file, err := os.ReadFile(filepath.Join(dir, "files", string(f.Blob)))
			must(t, err)
			if hexSum(file) != f.Bytes || !strings.HasPrefix(string(file), "voicemail ") {
				t.Errorf("the voicemail of a message came out as something else")
			}
		}
	}
	if messages != 7 {
		t.Errorf("%d messages came back, 7 were taken", messages)
	}
	envelopes, err := os.ReadFile(filepath.Join(dir, "snapshot", "buckets", "envelopes.jsonl"))
	must(t, err)
	if n := bytes.Count(envelopes, []byte(`"number":10`)); n != 7 {
		t.Errorf("%d numbers stand in envelopes.jsonl", n)
	}
}
