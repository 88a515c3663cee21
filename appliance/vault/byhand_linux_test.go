package vault_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

const byHandPage = "../../docs/by-hand.md"

// shellBlocks answers the commands of a page.
func shellBlocks(t *testing.T, page string) (script string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh\n"
		case inside:
			script += line
		}
	}
	return script
}

// tools answers a folder with age and bbolt in it, as go.mod has them.
func tools(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, pkg := range map[string]string{"age": "filippo.io/age/cmd/age", "bbolt": "go.etcd.io/bbolt/cmd/bbolt"} {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("building %s: %v\n%s", pkg, err, out)
		}
	}
	return dir
}

// The page's commands, exactly as they stand there, open a message of a
// practice that this test made.
func TestCommandsOfTheByHandPage(t *testing.T) {
	h := newHouse(t)
	voice := strings.Repeat("voicemail ", 10_000)
	blobPart, key, sum, size, err := h.vault.SealBlob(t.Context(), strings.NewReader(voice))
	if err != nil {
		t.Fatal(err)
	}
	id := newID(t)
	e := h.commit(message.Envelope{ID: id, ReceivedAt: h.clock.Now().UTC(), Status: message.New, Channel: message.ChannelMail, CallType: message.TypeUrgent}, []message.Part{blobPart}, func() (vault.Pack, error) {
		return h.vault.SealRecord(t.Context(), message.Record{Message: id, Text: "please call back",
			Files: []message.File{{Name: "call.wav", Type: "audio/wav", Role: message.RoleAttachment, Size: size, Blob: blobPart.ID, Key: key, Bytes: sum}}})
	})
	slot, err := h.vault.MakeSlot(t.Context(), "dana", goodPassword, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.commitSlot(slot)
	work := filepath.Dir(h.writeKit())
	h.export(e, filepath.Join(work, "export"), key)
	h.close() // bbolt's command wants the store for itself

	h.runInTerminal(work, "set -eu\n"+shellBlocks(t, byHandPage),
		"PATH="+tools(t)+":"+os.Getenv("PATH"), "DATA="+h.dir, "PERSON=dana", "MESSAGE="+string(id), "HOME="+work)

	line, err := os.ReadFile(filepath.Join(work, "record.json"))
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := message.DecodeRecord(line); err != nil || rec.Text.Reveal() != "please call back" {
		t.Errorf("the record that came out is another one (%v)", err)
	}
	exported, err := os.ReadFile(filepath.Join(work, "export", "0"))
	if err != nil || string(exported) != string(line) {
		t.Errorf("the exported record is another one (%v)", err)
	}
	for _, name := range []string{"blob", filepath.Join("export", "1")} {
		if got, err := os.ReadFile(filepath.Join(work, name)); err != nil || string(got) != voice {
			t.Errorf("%s is not the voicemail (%v)", name, err)
		}
	}
}

// export writes a message's parts as the command line does.
func (h *house) export(e message.Envelope, dir string, key message.Clear) {
	h.t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	to := h.vault.Recipient()
	for n, p := range e.Parts {
		path := filepath.Join(dir, fmt.Sprintf("%d.age", n))
		var file []byte
		var err error
		if p.Kind == message.PartBlob {
			var b strings.Builder
			err = h.reader().ExportBlob(&b, e.ID, p, key, to)
			file = []byte(b.String())
		} else {
			err = h.store.View(func(tx *store.Tx) (err error) {
				file, err = h.reader().Export(tx, e.ID, p, to)
				return err
			})
		}
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

// runInTerminal runs a script on a terminal of its own, where age asks for the
// password, and types it.
func (h *house) runInTerminal(dir, script string, env ...string) {
	t := h.t
	t.Helper()
	terminal, device := openTerminal(t)
	defer terminal.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = device, device, device
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err := cmd.Start()
	device.Close()
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buffer := make([]byte, 1024)
	asked := false
	for {
		n, err := terminal.Read(buffer) // fails when the last process closed its end
		seen.Write(buffer[:n])
		if !asked && strings.Contains(seen.String(), "passphrase") {
			asked = true
			if _, err := terminal.WriteString(goodPassword + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the page's commands: %v\n%s", err, seen.String())
	}
	if !asked {
		t.Error("nobody asked for the password")
	}
}

func openTerminal(t testing.TB) (terminal, device *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	device, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, device
}
