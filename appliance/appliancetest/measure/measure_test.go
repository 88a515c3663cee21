// Package measure has the benchmarks that take a whole appliance: pages at a
// million messages, the start, memory, the size of the program. `make bench`
// runs them beside those of the rooms.
package measure_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestMain(m *testing.M) { appliancetest.Main(m) }

// BenchmarkInboxPage asks for the inbox of an appliance with more and more
// messages, over TLS as a browser does. The page must not grow slower.
func BenchmarkInboxPage(b *testing.B) {
	p := appliancetest.Start(b, appliancetest.RealClock)
	rosa := p.SignIn(b, appliancetest.Admin)
	have := 0
	for _, want := range []int{1_000, 100_000, 1_000_000} {
		b.Run(strconv.Itoa(want), func(b *testing.B) {
			have = fill(b, p.Appliance, have, want)
			rosa.Get("/inbox")
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if page := rosa.Get("/inbox"); page.Status != 200 {
					b.Fatalf("the inbox answered %d", page.Status)
				}
				took = append(took, time.Since(began))
			}
			report(b, took)
		})
	}
}

// fill adds envelopes until there are so many: a tenth open, the rest closed.
func fill(b *testing.B, a *appliance.Appliance, have, want int) int {
	b.Helper()
	types := []message.CallType{message.TypeNew, message.TypeChange, message.TypeRefill, message.TypeBilling, message.TypeOther}
	began := time.Now().Add(-365 * 24 * time.Hour)
	for have < want {
		batch := min(200, want-have)
		err := a.Store.Update(b.Context(), func(tx *store.Tx) error {
			for i := range batch {
				n, err := store.NextNumber(tx)
				if err != nil {
					return err
				}
				e := message.Envelope{
					ID: message.ID(fmt.Sprintf("0190%04x-%04x-7000-8000-%012x", (have+i)>>16, (have+i)&0xffff, have+i)), Number: n,
					ReceivedAt: began.Add(time.Duration(have+i) * time.Second).UTC(), Channel: message.ChannelDesk,
					CallType: types[(have+i)%len(types)], Status: message.New, Team: message.Everybody, Protocol: 1,
				}
				if (have+i)%10 != 0 {
					e.Status, e.Outcome, e.ClosedAt = message.Closed, message.OutcomeDone, e.ReceivedAt.Add(time.Hour)
				}
				if err := store.PutEnvelope(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		have += batch
	}
	return have
}

var formKey = regexp.MustCompile(`name="key" value="([0-9a-f-]+)"`)

// BenchmarkFormToSaved is a call at a desk without the time in which somebody
// talks: the form is asked for and comes, it is sent, and "saved" comes with the
// message's number. Over TLS as a browser does.
func BenchmarkFormToSaved(b *testing.B) {
	p := appliancetest.Start(b, appliancetest.RealClock)
	rosa := p.SignIn(b, appliancetest.Admin)
	fill(b, p.Appliance, 0, 1_000)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		page := rosa.Get("/take?type=refill")
		key := formKey.FindStringSubmatch(page.Body)
		if key == nil {
			b.Fatalf("the form answered %d", page.Status)
		}
		page = rosa.Post("/messages", url.Values{"key": {key[1]}, "type": {"refill"}, "urgency": {"routine"}, "f.caller": {"Priya Raman"}, "f.callback": {"503 555 0148"}, "f.read_back": {"yes"},
			"f.born": {"3/4/1961"}, "f.medication": {"lisinopril 10 mg"}, "f.pharmacy": {"Oak Street"}, "f.reason": {"She has two days left and leaves on Friday."}})
		if !strings.HasPrefix(page.At.Path, "/take/saved/") {
			b.Fatalf("it was not saved: %d\n%s", page.Status, page.Main())
		}
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// report says the median and the 99th percentile.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// practice makes a data folder with so many envelopes.
func practice(b *testing.B, messages int) string {
	b.Helper()
	root := b.TempDir()
	data, pw := filepath.Join(root, "data"), filepath.Join(root, "pw")
	if err := os.WriteFile(pw, []byte(appliancetest.Admin.Password), 0o600); err != nil {
		b.Fatal(err)
	}
	appliancetest.CLI(b, "init", "--data", data, "--practice", "Measured", "--timezone", "America/New_York",
		"--admin", appliancetest.Admin.Name, "--password-file", pw, "--recovery-kit", filepath.Join(root, "kit.txt"))
	a, err := appliance.Open(b.Context(), appliance.Options{Dir: data})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, a, 0, messages)
	if err := a.Close(); err != nil {
		b.Fatal(err)
	}
	return data
}

// BenchmarkStart is from starting the process to listening, with 100,000 messages.
func BenchmarkStart(b *testing.B) {
	data := practice(b, 100_000)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		child := appliancetest.Serve(b, data)
		took = append(took, time.Since(began))
		child.Stop(b)
	}
	report(b, took)
}

// BenchmarkMemory is the memory of an idle appliance that no file backs, at once
// and a minute after somebody signed in.
func BenchmarkMemory(b *testing.B) {
	data := practice(b, 1_000)
	for b.Loop() {
		child := appliancetest.Serve(b, data)
		b.ReportMetric(anonymous(b, child.Pid()), "idle-MiB")
		signIn(b, data, child.HTTPS)
		b.ReportMetric(anonymous(b, child.Pid()), "signed-in-MiB")
		select {
		case <-time.After(time.Minute):
		case <-b.Context().Done():
		}
		b.ReportMetric(anonymous(b, child.Pid()), "minute-later-MiB")
		child.Stop(b)
	}
	b.ReportMetric(0, "ns/op")
}

func signIn(b *testing.B, data, addr string) {
	b.Helper()
	c := appliancetest.ClientOf(b, data, addr)
	page := c.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}})
	if strings.HasPrefix(page.At.Path, "/sign-in") {
		b.Fatal("nobody was signed in")
	}
}

// anonymous reads RssAnon of a process, in MiB.
func anonymous(b *testing.B, pid int) float64 {
	b.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if kb, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			n, err := strconv.ParseFloat(strings.Fields(kb)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return n / 1024
		}
	}
	b.Fatal(errors.New("the kernel tells no RssAnon"))
	return 0
}

// BenchmarkProgram is the size of the program as `make build` makes it.
func BenchmarkProgram(b *testing.B) {
	program := filepath.Join(b.TempDir(), "nightbell")
	for b.Loop() {
		cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", program, "nightbell")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("building: %v\n%s", err, out)
		}
	}
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
	b.ReportMetric(0, "ns/op")
}
