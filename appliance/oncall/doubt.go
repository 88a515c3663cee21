package oncall

import (
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

// Doubt says why the wall clock is not believed.
type Doubt struct {
	Kind DoubtKind     `json:"kind"`
	By   time.Duration `json:"by"` // how far it is off: negative is back
	At   time.Time     `json:"at"` // what it showed when the doubt arose, UTC
}

// DoubtKind is how a clock lost its trust.
type DoubtKind string

const (
	ClockBehind DoubtKind = "behind" // at start it showed less than the last commit
	ClockJumped DoubtKind = "jumped" // it moved otherwise than time passed
)

// Text says the doubt in words.
func (d Doubt) Text() string {
	by, where := d.By, "forward"
	if by < 0 {
		by, where = -by, "back"
	}
	if d.Kind == ClockBehind {
		return fmt.Sprintf("at start the server's clock was %s behind the last thing it wrote down", spell(by))
	}
	return fmt.Sprintf("the server's clock jumped %s by %s", where, spell(by))
}

// spell says a duration in its largest whole unit, as people do.
func spell(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "year"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int64(d / unit.size); n > 0 {
			plural := "s"
			if n == 1 {
				plural = ""
			}
			return fmt.Sprintf("%d %s%s", n, unit.name, plural)
		}
	}
	return "less than a second"
}

// DoubtClock puts everybody on call until BelieveClock. The first doubt stays:
// it is the one that a person has to look into.
func DoubtClock(tx *store.Tx, d Doubt) error {
	if _, known, err := doubts.Get(tx, keyDoubt); err != nil || known {
		return err
	}
	if err := DoubtClockUntraced(tx, d); err != nil {
		return err
	}
	_, err := audit.Append(tx, audit.Leaf{At: d.At, Who: audit.System, What: audit.ClockDoubted, Why: string(d.Kind)})
	return err
}

// DoubtClockUntraced is DoubtClock while the audit log cannot be written, which
// is no reason to go on believing the clock.
func DoubtClockUntraced(tx *store.Tx, d Doubt) error {
	d.At = d.At.UTC()
	if err := doubts.Put(tx, keyDoubt, d); err != nil {
		return fmt.Errorf("doubting the clock: %w", err)
	}
	return nil
}

// BelieveClock is a person's word that the clock is right: the list counts again.
func BelieveClock(tx *store.Tx, by string, at time.Time) error {
	if _, known, err := doubts.Get(tx, keyDoubt); err != nil || !known {
		return err
	}
	if err := doubts.Delete(tx, keyDoubt); err != nil {
		return fmt.Errorf("believing the clock: %w", err)
	}
	_, err := audit.Append(tx, audit.Leaf{At: at.UTC(), Who: by, What: audit.ClockBelieved})
	return err
}
