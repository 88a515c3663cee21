package protocol_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func TestThePageOfTheFileNamesAllThatItHas(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", "protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(reflect.Type)
	walk = func(kind reflect.Type) {
		for kind.Kind() == reflect.Slice || kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() != reflect.Struct {
			return
		}
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("yaml"), ",")
			if name == "-" {
				continue
			}
			if name == "" || !bytes.Contains(page, []byte("`"+name)) {
				t.Errorf("%s.%s (%q) is not on the page", kind.Name(), kind.Field(i).Name, name)
			}
			walk(kind.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[protocol.Protocol]())
}

// testdata/v1.yaml was written by the first version that wrote such files. Every
// later version has to read it, and say the same by it.
func TestTheFileOfTheFirstVersionIsRead(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "v1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, comments, err := protocol.Decode(file)
	if err != nil || comments {
		t.Fatalf("comments %v: %v", comments, err)
	}
	refill, _ := p.Type(message.TypeRefill)
	if p.Title != "Cedar Street" || p.ReviewEvery != 90 || len(p.Types) != 5 || len(p.RedFlags) != 1 || len(p.Coverage) != 5 || len(p.Routes) != 6 || len(p.Teams) != 3 {
		t.Errorf("it is read as %q with %d types, %d flags, %d times, %d rules and %d teams", p.Title, len(p.Types), len(p.RedFlags), len(p.Coverage), len(p.Routes), len(p.Teams))
	}
	if len(refill.Script) != 3 || refill.Script[2].Kind != protocol.ReadBack || refill.Script[0].Answers[0].To == nil || *refill.Script[0].Answers[0].To != message.SameDay || refill.Due == 0 {
		t.Errorf("the refill is read as %+v", refill)
	}
	if f, ok := refill.Field("group_number"); !ok || f.Ask != protocol.Never || f.Limit != 20 || refill.Minimum != protocol.Refuse {
		t.Errorf("what is never asked is read as %+v, %q", f, refill.Minimum)
	}
	cal := calendar(t, "America/New_York")
	for _, c := range []struct {
		call protocol.Call
		when string
		rule string
		team message.TeamID
	}{
		{protocol.Call{Type: message.TypeBilling}, "2026-10-13 10:00", "billing", "billing"},
		{protocol.Call{Type: message.TypeRefill, Urgency: message.SameDay}, "2026-10-17 22:00", "night", message.Everybody},
		{protocol.Call{Type: message.TypeRefill, Provider: "okafor"}, "2026-10-13 10:00", "okafor", message.Everybody},
		{protocol.Call{Type: message.TypeOther}, "2026-10-13 12:30", "lunch", "overflow"},
		{protocol.Call{Type: message.TypeOther, Channel: message.ChannelMail}, "2026-10-13 10:00", "fax", "records"},
		{protocol.Call{Type: message.TypeOther}, "2026-10-13 10:00", "rest", message.Everybody},
	} {
		if c.call.At, err = time.ParseInLocation("2006-01-02 15:04", c.when, cal.Zone); err != nil {
			t.Fatal(err)
		}
		if to := p.Route(cal, c.call); to.Route != c.rule || to.Team != c.team {
			t.Errorf("%s at %s goes by %s to %s, not by %s to %s", c.call.Type, c.when, to.Route, to.Team, c.rule, c.team)
		}
	}
}
