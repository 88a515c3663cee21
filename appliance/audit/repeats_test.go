package audit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

func refusal(who, from string) audit.Leaf {
	return audit.Leaf{At: morning, Who: who, What: audit.SignInRefused, From: from}
}

// written is what the log holds: "who from xCOUNT".
func written(t testing.TB, s *store.Store) (list []string) {
	t.Helper()
	err := s.View(func(tx *store.Tx) error {
		leaves, err := audit.Range(tx, 0, 1<<20)
		for _, l := range leaves {
			text := l.Who + " " + l.From
			if l.Count > 0 {
				text += fmt.Sprintf(" x%d", l.Count)
			}
			list = append(list, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRepeats(t *testing.T) {
	const window = 10 * time.Minute
	type act func(t *testing.T, r *audit.Repeats, clock *clockwork.FakeClock)
	note := func(who, from string, times int) act {
		return func(t *testing.T, r *audit.Repeats, _ *clockwork.FakeClock) {
			for range times {
				if err := r.Note(t.Context(), refusal(who, from)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	wait := func(d time.Duration) act {
		return func(_ *testing.T, _ *audit.Repeats, clock *clockwork.FakeClock) { clock.Advance(d) }
	}
	flush := func(t *testing.T, r *audit.Repeats, _ *clockwork.FakeClock) {
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		acts []act
		want []string
	}{
		{"the first is written at once", []act{note("p1", "a", 1)}, []string{"p1 a"}},
		{"further ones are not", []act{note("p1", "a", 500)}, []string{"p1 a"}},
		{"others are", []act{note("p1", "a", 2), note("p1", "b", 2), note("p2", "a", 2)}, []string{"p1 a", "p1 b", "p2 a"}},
		{"the count is written when the window has ended", []act{note("p1", "a", 500), wait(window), note("p1", "a", 1)}, []string{"p1 a", "p1 a x499", "p1 a"}},
		{"a flush writes the count", []act{note("p1", "a", 3), flush}, []string{"p1 a", "p1 a x2"}},
		{"a flush writes nothing twice", []act{note("p1", "a", 3), flush, flush}, []string{"p1 a", "p1 a x2"}},
		{"one alone has no count", []act{note("p1", "a", 1), flush, wait(window), note("p1", "a", 1)}, []string{"p1 a", "p1 a"}},
		{"the window is from the first on", []act{note("p1", "a", 1), wait(window - 1), note("p1", "a", 1), wait(1), note("p1", "a", 1)}, []string{"p1 a", "p1 a x1", "p1 a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, clock := open(t), clockwork.NewFakeClockAt(morning)
			r := audit.NewRepeats(audit.RepeatsOptions{Store: s, Clock: clock, Window: window})
			for _, act := range c.acts {
				act(t, r, clock)
			}
			if got := written(t, s); !slices.Equal(got, c.want) {
				t.Fatalf("wrote %q, want %q", got, c.want)
			}
		})
	}
}

func TestAGuesserWithManyAddressesCannotFillTheDisk(t *testing.T) {
	s, clock := open(t), clockwork.NewFakeClockAt(morning)
	r := audit.NewRepeats(audit.RepeatsOptions{Store: s, Clock: clock})
	addr := netip.MustParseAddr("2001:db8::1")
	for range 2000 {
		if err := r.Note(t.Context(), refusal("unknown", addr.String())); err != nil {
			t.Fatal(err)
		}
		addr = addr.Next()
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := written(t, s)
	if len(got) > 150 {
		t.Fatalf("2000 refusals became %d leaves", len(got))
	}
	if !slices.Contains(got, "many many x1871") {
		t.Fatalf("the rest was not counted: %q", got[len(got)-3:])
	}
}

func TestRepeatsRefusesWhatIsNoCode(t *testing.T) {
	r := audit.NewRepeats(audit.RepeatsOptions{Store: open(t)})
	if err := r.Note(t.Context(), refusal("Maria Alvarez", "a")); !errors.Is(err, audit.ErrNotCode) {
		t.Fatal(err)
	}
}

func TestWhatCouldNotBeWrittenIsCountedAgain(t *testing.T) {
	s, clock := open(t), clockwork.NewFakeClockAt(morning)
	r := audit.NewRepeats(audit.RepeatsOptions{Store: s, Clock: clock})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		r.Note(ended, refusal("p1", "a"))
	}
	if got := written(t, s); got != nil {
		t.Fatalf("wrote %q", got)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := written(t, s); !slices.Equal(got, []string{"p1 a x3"}) {
		t.Fatalf("wrote %q", got)
	}
}

func TestRunWritesAsWindowsEndAndTheRestAtItsEnd(t *testing.T) {
	s, clock := open(t), clockwork.NewFakeClockAt(morning)
	r := audit.NewRepeats(audit.RepeatsOptions{Store: s, Clock: clock, Window: time.Minute})
	commits := make(chan bool, 10)
	s.Watch(func(store.WriteSet) { commits <- true })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	note := func(times int) {
		for range times {
			if err := r.Note(t.Context(), refusal("p1", "a")); err != nil {
				t.Fatal(err)
			}
		}
	}
	note(3)
	<-commits
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	<-commits
	if got := written(t, s); !slices.Equal(got, []string{"p1 a", "p1 a x2"}) {
		t.Errorf("wrote %q", got)
	}
	note(2)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := written(t, s); !slices.Equal(got, []string{"p1 a", "p1 a x2", "p1 a", "p1 a x1"}) {
		t.Errorf("wrote %q", got)
	}
}

func TestRunEndsWhenTheStoreDoes(t *testing.T) {
	s, clock := open(t), clockwork.NewFakeClockAt(morning)
	r := audit.NewRepeats(audit.RepeatsOptions{Store: s, Clock: clock})
	r.Note(t.Context(), refusal("p1", "a"))
	r.Note(t.Context(), refusal("p1", "a"))
	done := make(chan error)
	go func() { done <- r.Run(t.Context()) }()
	s.Close()
	if err := clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	if err := <-done; !errors.Is(err, store.ErrClosed) {
		t.Fatalf("ended with %v", err)
	}
}
