package oncall

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are the names that a heading may have, the first of them ours.
var columns = map[string][]string{
	"person":   {"person", "name", "provider"},
	"from":     {"from", "start"},
	"to":       {"to", "end"},
	"layer":    {"layer"},
	"schedule": {"schedule"},
}

// csv reads a CSV file: a heading, then a shift a line.
func (r *reading) csv(data []byte) {
	rows := csv.NewReader(bytes.NewReader(data))
	rows.Comma = separator(data)
	rows.FieldsPerRecord = -1 // a line with too few is named below
	rows.TrimLeadingSpace = true
	head, err := rows.Read()
	if err != nil {
		r.problem("line 1", "there is no heading")
		return
	}
	at, ok := r.heading(head)
	if !ok {
		return
	}
	t := &table{reading: r, at: at, fields: len(head)}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			t.add()
			return
		}
		if err != nil {
			r.unreadable(err)
			return
		}
		line, _ := rows.FieldPos(0)
		if !t.row(fmt.Sprintf("line %d", line), row) {
			return
		}
	}
}

func (r *reading) unreadable(err error) {
	line := 1
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		line = bad.StartLine
	}
	r.problem(fmt.Sprintf("line %d", line), "its quotation marks do not match")
}

// separator is what stands between the columns of the heading: Excel writes
// semicolons where the office's system says so.
func separator(data []byte) rune {
	head, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(head, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// heading finds the columns by their names.
func (r *reading) heading(head []string) (at map[string]int, ok bool) {
	at, ok = map[string]int{}, true
	for i, h := range head {
		for column, names := range columns {
			if !slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) {
				continue
			}
			if _, twice := at[column]; twice {
				r.problem("line 1", "two columns say “%s”", column)
				ok = false
			}
			at[column] = i
		}
	}
	for _, column := range []string{"person", "from", "to"} {
		if _, have := at[column]; !have {
			r.problem("line 1", "no column is called “%s”", column)
			ok = false
		}
	}
	return at, ok
}

// table is one CSV file being read. Its times wait until all are seen: a day
// above 12 in one line says how the dates of all lines are meant.
type table struct {
	*reading
	at     map[string]int
	fields int
	shifts []FileShift
	times  [][2]csvTime
	order  dateOrder
}

// row reads one line and answers whether there is room for more.
func (t *table) row(where string, row []string) bool {
	if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
		return true
	}
	if len(row) > t.fields || len(row) <= max(t.at["person"], t.at["from"], t.at["to"]) {
		t.problem(where, "it has %d columns, the heading %d", len(row), t.fields)
		return true
	}
	if len(t.shifts) == MaxFileShifts {
		t.problem(where, "the file has more than 10,000 shifts")
		return false
	}
	s := FileShift{Where: where}
	for column, into := range map[string]*string{"person": &s.Person, "layer": &s.Layer, "schedule": &s.Schedule} {
		i, have := t.at[column]
		if !have || i >= len(row) {
			continue
		}
		name, ok := nameIn(row[i])
		if !ok {
			t.problem(where, "its %s is no name", column)
		}
		*into = name
	}
	if s.Person == "" {
		t.problem(where, "it names no person")
	}
	from, fromOK := t.time(where, "from", row)
	to, toOK := t.time(where, "to", row)
	if fromOK && toOK {
		t.shifts, t.times = append(t.shifts, s), append(t.times, [2]csvTime{from, to})
	}
	return true
}

func (t *table) time(where, column string, row []string) (csvTime, bool) {
	parsed, why := readTime(row[t.at[column]])
	if why != "" {
		t.problem(where, "its %s %s", column, why)
		return parsed, false
	}
	t.order.saw(parsed)
	return parsed, true
}

// add makes the shifts, now that it is known how the dates are meant.
func (t *table) add() {
	dayFirst, why := t.order.dayFirst(t.Dates)
	if why != "" {
		t.problem("the dates", "%s", why)
		return
	}
	for i, s := range t.shifts {
		from, fromOK := t.resolve(s.Where, t.times[i][0], dayFirst)
		to, toOK := t.resolve(s.Where, t.times[i][1], dayFirst)
		if !fromOK || !toOK {
			continue
		}
		s.From, s.To = from, to
		if !t.reading.add(s) {
			return
		}
	}
}
