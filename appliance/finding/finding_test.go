package finding_test

import (
	"encoding/json"
	"testing"

	"nightbell/appliance/finding"
)

func TestGravestFirst(t *testing.T) {
	list := []finding.Finding{{ID: "b"}, {ID: "c", Severity: finding.Alarm}, {ID: "a"}, {ID: "d", Severity: finding.Warning}}
	finding.Sort(list)
	got := ""
	for _, f := range list {
		got += f.ID
	}
	if got != "cdab" {
		t.Errorf("sorted as %s, want cdab", got)
	}
}

func TestSeverityInJSON(t *testing.T) {
	for s := finding.Note; s <= finding.Alarm; s++ {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back finding.Severity
		if err := json.Unmarshal(text, &back); err != nil || back != s {
			t.Errorf("%v came back as %v (%v)", s, back, err)
		}
	}
	var s finding.Severity
	if json.Unmarshal([]byte(`"loud"`), &s) == nil {
		t.Error("an unknown severity was accepted")
	}
	if _, err := json.Marshal(finding.Severity(7)); err == nil {
		t.Error("a severity that does not exist was written")
	}
}
