package web

import (
	"testing"
	"time"
)

func TestMomentsAsPeopleSayThem(t *testing.T) {
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	w, err := readWords("words/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	c := calendar{now: time.Date(2026, 11, 24, 14, 7, 0, 0, ny), zone: ny, words: w}
	for _, row := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 11, 24, 2, 7, 11, 0, ny), "2:07 am"},
		{time.Date(2026, 11, 24, 0, 0, 0, 0, ny), "12:00 am"},
		{time.Date(2026, 11, 23, 23, 59, 0, 0, ny), "yesterday 11:59 pm"},
		{time.Date(2026, 11, 25, 9, 0, 0, 0, ny), "tomorrow 9:00 am"},
		{time.Date(2026, 11, 20, 9, 0, 0, 0, ny), "Fri 9:00 am"},
		{time.Date(2026, 11, 3, 9, 0, 0, 0, ny), "Nov 3, 9:00 am"},
		{time.Date(2025, 11, 3, 9, 0, 0, 0, ny), "Nov 3, 2025"},
		{time.Time{}, ""},
	} {
		if got := c.when(row.at).Said; got != row.want {
			t.Errorf("%s is said as %q, want %q", row.at, got, row.want)
		}
	}
	if got, want := c.when(time.Date(2026, 11, 24, 7, 7, 11, 0, time.UTC)).Exact, "Tuesday, November 24, 2026, 2:07:11 am EST"; got != want {
		t.Errorf("exactly %q, want %q", got, want)
	}
}

func TestSpans(t *testing.T) {
	w, err := readWords("words/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration]string{
		0: "0 ms", 340 * time.Millisecond: "340 ms", 6100 * time.Millisecond: "6.1 s", 18 * time.Second: "18 s", 5 * time.Minute: "5 min", 3 * time.Hour: "3 h", 72 * time.Hour: "3 days",
	} {
		if got := w.span(d); got != want {
			t.Errorf("%s is said as %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "0:00", 192 * time.Second: "3:12", time.Hour + 2*time.Second: "1:00:02"} {
		if got := clock(d); got != want {
			t.Errorf("a clock shows %s as %q, want %q", d, got, want)
		}
	}
}
