package protocol_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// Messages are kept under the names of fields, so that each stands on the page
// of the format, with the call types that have it.
func TestThePageOfTheFormatNamesEveryField(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", "messages.md"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{} // field -> the cell of its row that names types
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for name := range strings.SplitSeq(cells[1], ",") {
			types[strings.Trim(name, " `")] = cells[2]
		}
	}
	for _, typ := range protocol.BuiltIn().Types {
		for _, f := range typ.Asked() {
			cell, there := types[f.Name]
			if !there {
				t.Errorf("%s is not on the page", f.Name)
			} else if !strings.Contains(cell, "all") && !strings.Contains(cell, string(typ.ID)) {
				t.Errorf("%s of %s is on the page for %s", f.Name, typ.ID, cell)
			}
		}
		for _, f := range typ.FieldsFor(message.ChannelMail) {
			if _, there := types[f.Name]; !there {
				t.Errorf("%s is not on the page", f.Name)
			}
		}
	}
}
