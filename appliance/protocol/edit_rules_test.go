package protocol_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func TestTheLastRuleStaysForEveryOtherCall(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := protocol.BuiltIn()
		p, err := p.Copy()
		if err != nil {
			r.Fatal(err)
		}
		rest := p.Routes[len(p.Routes)-1].ID
		for range rapid.IntRange(1, 12).Draw(r, "changes") {
			var ids []string
			for _, one := range p.Routes {
				ids = append(ids, one.ID)
			}
			id := rapid.SampledFrom(ids).Draw(r, "rule")
			switch rapid.IntRange(0, 3).Draw(r, "what") {
			case 0:
				err = p.MoveRoute(id, rapid.IntRange(-3, 3).Draw(r, "by"))
			case 1:
				err = p.RemoveRoute(id)
			case 2:
				p.SetRoute(protocol.Route{ID: id, When: anyMatch(p).Draw(r, "when"), To: protocol.Target{OnCall: true}})
				err = nil
			default:
				p.AddRoute(protocol.Route{When: anyMatch(p).Draw(r, "when"), To: protocol.Target{Team: message.Everybody}})
				err = nil
			}
			if err != nil && (id != rest || !errors.Is(err, protocol.ErrLastRule)) {
				r.Fatalf("rule %s is refused: %v", id, err)
			}
			if last := p.Routes[len(p.Routes)-1]; last.ID != rest || !last.When.All() {
				r.Fatalf("the last rule is %+v", last)
			}
			if _, err := p.Copy(); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func TestSpecialTimesAreMovedPastEachOther(t *testing.T) {
	p := office()
	p.MoveWindow("flu", -1)
	p.MoveWindow("flu", -1) // the first of its kind already
	p.MoveWindow("after", 1)
	var ids []string
	for _, w := range p.Coverage {
		ids = append(ids, w.ID)
	}
	if !slices.Equal(ids, []string{"open", "lunch", "after", "flu", "holiday"}) {
		t.Errorf("the order is %v", ids)
	}
}

func TestATimeThatARuleLooksAtIsNotRemoved(t *testing.T) {
	p := office()
	var used *protocol.InUse
	if err := p.RemoveWindow("after"); !errors.As(err, &used) || !slices.Equal(used.Places, []string{"rule 2"}) {
		t.Errorf("it is refused with %v", err)
	}
	if err := p.RemoveWindow("flu"); err != nil || len(p.Coverage) != 4 {
		t.Errorf("one that no rule looks at is refused with %v", err)
	}
}

func TestADayOfTheWeekIsToldWithoutAHole(t *testing.T) {
	p := office()
	p.Coverage[1].Weekly[0].To = "13:30"
	for d := time.Sunday; d <= time.Saturday; d++ {
		at := 0
		for _, b := range p.WeekBands(d) {
			if b.From != at || b.To <= b.From {
				t.Errorf("on %s a part begins at %d after one that ended at %d", d, b.From, at)
			}
			at = b.To
			if overlap := b.From == 13*60 && b.To == 13*60+30; d != time.Sunday && d != time.Saturday && overlap != (len(b.Windows) == 2) {
				t.Errorf("on %s from %d to %d it is %v", d, b.From, b.To, b.Windows)
			}
		}
		if at != 24*60 {
			t.Errorf("%s ends at %d", d, at)
		}
	}
}
