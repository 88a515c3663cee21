package install

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with what a person has read and found good.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", name, got)
	}
}

func TestThePlanSaysWhatWouldBeDone(t *testing.T) {
	for name, c := range map[string]struct {
		o Options
		m machine
	}{
		"systemd-fresh.txt": {
			Options{Data: "/var/lib/nightbell"},
			machine{system: Systemd, executable: "/home/maria/nightbell", owner: "root"},
		},
		"systemd-own.txt": {
			Options{Data: "/home/maria/practice data", HTTPS: ":8443", SMTPS: ":8465", Backups: []string{"/mnt/usb", "/backup/50% off"}},
			machine{system: Systemd, executable: "/usr/bin/nightbell", owner: "maria", hasUser: true, installed: true},
		},
		"launchd.txt": {
			Options{Data: "/Library/Application Support/Nightbell & Co"},
			machine{system: Launchd, executable: "/usr/local/bin/nightbell", owner: "maria", hasUser: true},
		},
		"windows.txt": {
			Options{Data: `C:\ProgramData\Nightbell`},
			machine{system: Windows, executable: `C:\Program Files\Nightbell\nightbell.exe`},
		},
	} {
		got, err := plan(c.o, c.m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden(t, name, got)
	}
}

func TestWhatAServiceManagerWouldMisreadIsRefused(t *testing.T) {
	good := Options{Data: "/var/lib/nightbell", Executable: "/usr/bin/nightbell"}
	here := machine{system: Systemd, owner: "root", hasUser: true}
	if _, err := good.steps(here); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Options){
		"a data folder with a line end":     func(o *Options) { o.Data = "/var/lib/x\nExecStartPre=/bin/evil" },
		"a data folder with a quote":        func(o *Options) { o.Data = `/var/lib/"x` },
		"a data folder with a backslash":    func(o *Options) { o.Data = `/var/lib/\x20` },
		"a data folder for the templates":   func(o *Options) { o.Data = "/var/lib/{{Name}}" },
		"a data folder that is not whole":   func(o *Options) { o.Data = "data" },
		"no data folder":                    func(o *Options) { o.Data = "" },
		"a program that is not whole":       func(o *Options) { o.Executable = "nightbell" },
		"a backup folder that is not whole": func(o *Options) { o.Backups = []string{"usb"} },
		"a user with a blank":               func(o *Options) { o.User = "root x" },
		"a name with a slash":               func(o *Options) { o.Name = "../x" },
		"an address without a port":         func(o *Options) { o.HTTPS = "localhost" },
		"an address with a command":         func(o *Options) { o.SMTPS = ":465 --evil" },
	} {
		o := good
		change(&o)
		if _, err := o.steps(here); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestAServiceOnAMacNeedsSomebodyToRunAs(t *testing.T) {
	_, err := Options{Data: "/data"}.steps(machine{system: Launchd, executable: "/usr/local/bin/nightbell", owner: "root"})
	if err == nil || !strings.Contains(err.Error(), "owner") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyLowPortsNeedARightOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		https, smtps string
		want         bool
	}{
		{"", "", true}, {":443", ":8465", true}, {":8443", "", true}, {":8443", ":8465", false}, {"127.0.0.1:0", "127.0.0.1:0", false},
	} {
		if got := (Options{HTTPS: c.https, SMTPS: c.smtps}).lowPorts(); got != c.want {
			t.Errorf("%q and %q: %v, want %v", c.https, c.smtps, got, c.want)
		}
	}
}

func TestAProgramIsCopiedWhole(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, content := range []string{"first", "second, in place of it"} {
		if err := os.WriteFile(from, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := copyProgram(from, to); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(to)
		if err != nil || string(got) != content {
			t.Errorf("copied %q, %v", got, err)
		}
	}
	if err := copyProgram(filepath.Join(dir, "none"), to); err == nil {
		t.Error("nothing was copied, and nothing said")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}
