package demo

import (
	"fmt"
	"io"
	"time"
)

// story is what the terminal shows: chapters, and steps with their times.
type story struct {
	out   io.Writer
	began time.Time
}

func (s *story) chapter(title string) { fmt.Fprintf(s.out, "\n%s\n", title) }

// step says what happened and how long it took.
func (s *story) step(took time.Duration, format string, args ...any) {
	fmt.Fprintf(s.out, "  %5.1f s  %-70s %6s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...), short(took))
}

// say says something that took no time worth telling.
func (s *story) say(format string, args ...any) {
	fmt.Fprintf(s.out, "           "+format+"\n", args...)
}

// short is a duration as one reads it.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// timed runs a step and says how long it took.
func (s *story) timed(what string, do func() error) error {
	began := time.Now()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.step(time.Since(began), "%s", what)
	return nil
}
