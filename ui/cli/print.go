package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// object prints one answer: as JSON, or by its own words for people.
func (e *env) object(v any, words func()) error {
	if !e.json {
		if !e.quiet {
			words()
		}
		return nil
	}
	return json.NewEncoder(e.out).Encode(v)
}

// list prints rows: one JSON object a line, or a table with a heading. A table
// without rows says what would stand there.
func list[R any](e *env, rows []R, heading string, cells func(R) []string, empty string) error {
	if e.json {
		enc := json.NewEncoder(e.out)
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return fmt.Errorf("writing the list: %w", err)
			}
		}
		return nil
	}
	if e.quiet {
		return nil
	}
	if len(rows) == 0 {
		e.say("%s", empty)
		return nil
	}
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, heading)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(cells(r), "\t"))
	}
	return w.Flush()
}
