package protocol_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// said is a line of testdata/red_flags.txt.
type said struct {
	what  string
	flags []string
	about protocol.About
	text  string
}

func sentences(t testing.TB) []said {
	t.Helper()
	file, err := os.ReadFile("testdata/red_flags.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []said
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, "|", 4)
		s := said{what: parts[0], text: parts[3], about: protocol.About{Type: message.TypeOther, Born: day.AddDate(-40, 0, 0), At: day}}
		if parts[1] != "" {
			s.flags = strings.Split(parts[1], ",")
		}
		if parts[2] != "" {
			months, err := strconv.Atoi(parts[2])
			if err != nil {
				t.Fatal(err)
			}
			s.about.Born = day.AddDate(0, -months, -3)
		}
		all = append(all, s)
	}
	return all
}

func ids(found []protocol.Found) (ids []string) {
	for _, f := range found {
		ids = append(ids, f.Flag.ID)
	}
	return ids
}

const (
	mostMissed = 0.01 // of what is dangerous but not life-threatening; of that, none
	mostAlarms = 0.05 // of ordinary calls
)

func TestRedFlagsSeeWhatIsSaidOnThePhone(t *testing.T) {
	all := sentences(t)
	if len(all) < 200 {
		t.Fatalf("there are only %d sentences", len(all))
	}
	for name, p := range shippedFiles(t) {
		flags := p.Compile()
		var asked, missed, quiet, alarms int
		for _, s := range all {
			got := ids(flags.Find(s.about, message.Clear(s.text)))
			if s.what == "quiet" {
				quiet++
				s.about.Born = time.Time{} // as in a mail
				got = ids(flags.Find(s.about, message.Clear(s.text)))
				if len(got) > 0 {
					alarms++
					t.Logf("%s: %q is ordinary, and is taken for %s", name, s.text, got)
				}
				continue
			}
			want := slices.DeleteFunc(slices.Clone(s.flags), func(id string) bool {
				return !slices.ContainsFunc(p.RedFlags, func(f protocol.RedFlag) bool { return f.ID == id })
			})
			if len(want) == 0 {
				continue
			}
			asked++
			if slices.ContainsFunc(want, func(id string) bool { return slices.Contains(got, id) }) {
				continue
			}
			missed++
			if s.what == "danger" {
				t.Errorf("%s: %q is not seen as %s, but as %s", name, s.text, want, got)
			} else {
				t.Logf("%s: %q is not seen as %s, but as %s", name, s.text, want, got)
			}
		}
		missRate, alarmRate := float64(missed)/float64(asked), float64(alarms)/float64(quiet)
		t.Logf("%s: missed %d of %d (%.1f%%), false alarms %d of %d (%.1f%%)", name, missed, asked, 100*missRate, alarms, quiet, 100*alarmRate)
		if missRate > mostMissed || alarmRate > mostAlarms {
			t.Errorf("%s: misses may be %.0f%%, false alarms %.0f%%", name, 100*mostMissed, 100*mostAlarms)
		}
	}
}
