package oncall_test

import (
	"errors"
	"strings"
	"testing"

	"nightbell/appliance/oncall"
)

func readCSV(t testing.TB, text, dates string) (oncall.File, error) {
	t.Helper()
	return oncall.ReadFile("calls.csv", []byte(text), oncall.FileOptions{Zone: newYork(t), Now: autumn, Dates: dates})
}

func TestLinesBecomeShifts(t *testing.T) {
	const want = "Okafor 11-13 19:00 -05 to 11-14 07:00 -05\n"
	for name, text := range map[string]string{
		"ours":                       "person,from,to\nOkafor,2026-11-13 19:00,2026-11-14 07:00\n",
		"with a byte order mark":     "\xef\xbb\xbfperson,from,to\r\nOkafor,2026-11-13 19:00,2026-11-14 07:00\r\n",
		"semicolons":                 "Person;From;To\nOkafor;2026-11-13 19:00;2026-11-14 07:00\n",
		"tabs":                       "person\tfrom\tto\nOkafor\t2026-11-13 19:00\t2026-11-14 07:00\n",
		"other columns, any order":   "to,note,from,name\n2026-11-14 07:00,,2026-11-13 19:00,Okafor\n",
		"start and end":              "provider,start,end\nOkafor,2026-11-13T19:00,2026-11-14T07:00\n",
		"as Excel writes it":         "person,from,to\nOkafor,11/13/2026 7:00:00 PM,11/14/2026 7:00:00 AM\n",
		"as people write it":         "person,from,to\nOkafor,11/13/2026 7 p.m.,11/14/2026 7am\n",
		"a month in letters":         "person,from,to\nOkafor,\"Nov 13, 2026 7:00 PM\",\"November 14, 2026 7:00 am\"\n",
		"a day of the week":          "person,from,to\nOkafor,\"Friday, November 13, 2026 7:00 PM\",14-Nov-2026 07:00\n",
		"with an offset":             "person,from,to\nOkafor,2026-11-13T19:00:00-05:00,2026-11-14T12:00:00Z\n",
		"empty lines":                "person,from,to\n\nOkafor,2026-11-13 19:00,2026-11-14 07:00\n\n",
		"day first, as the day says": "person,from,to\nOkafor,13/11/2026 19:00,14/11/2026 07:00\n",
	} {
		t.Run(name, func(t *testing.T) {
			f, err := readCSV(t, text, "")
			if err != nil || said(t, f) != want {
				t.Errorf("%v, got\n%s", err, said(t, f))
			}
		})
	}
}

func TestLayersAndSchedulesStandInTheirColumns(t *testing.T) {
	f, err := readCSV(t, "person,from,to,layer,schedule\nOkafor,2026-11-13 19:00,2026-11-14 07:00,Backup,Nights\n", "")
	if err != nil || len(f.Shifts) != 1 || f.Shifts[0].Layer != "Backup" || f.Shifts[0].Schedule != "Nights" || f.Shifts[0].Where != "line 2" {
		t.Errorf("%v, %+v", err, f.Shifts)
	}
}

func TestDatesThatCanBeReadTwoWaysAreRefused(t *testing.T) {
	const either = "person,from,to\nOkafor,12/5/2026 19:00,12/6/2026 07:00\n"
	if _, err := readCSV(t, either, ""); err == nil || !strings.Contains(err.Error(), "--dates mdy") {
		t.Errorf("either way: %v", err)
	}
	if f, err := readCSV(t, either, "mdy"); err != nil || said(t, f) != "Okafor 12-05 19:00 -05 to 12-06 07:00 -05\n" {
		t.Errorf("month first: %v, %s", err, said(t, f))
	}
	if f, err := readCSV(t, "person,from,to\nOkafor,5/12/2026 19:00,6/12/2026 07:00\n", "dmy"); err != nil || said(t, f) != "Okafor 12-05 19:00 -05 to 12-06 07:00 -05\n" {
		t.Errorf("day first: %v, %s", err, said(t, f))
	}
	f, err := readCSV(t, either+"Hale,12/13/2026 19:00,12/14/2026 07:00\n", "")
	if err != nil || said(t, f) != "Okafor 12-05 19:00 -05 to 12-06 07:00 -05\nHale 12-13 19:00 -05 to 12-14 07:00 -05\n" {
		t.Errorf("another line says how: %v, %s", err, said(t, f))
	}
}

func TestACSVFileThatIsWrongInOneLineIsNotImported(t *testing.T) {
	const good = "person,from,to\nOkafor,2026-11-13 19:00,2026-11-14 07:00\n"
	for _, c := range []struct{ name, text, dates, want string }{
		{"no column", "who,from,to\n", "", "no column is called “person”"},
		{"two columns", "person,name,from,to\n", "", "two columns say “person”"},
		{"empty", "", "", "no heading"},
		{"no lines", "person,from,to\n", "", "has no shift"},
		{"no person", good + ",2026-11-13 19:00,2026-11-14 07:00\n", "", "line 3: it names no person"},
		{"too few columns", good + "Okafor,2026-11-13 19:00\n", "", "line 3: it has 2 columns"},
		{"too many columns", good + "Okafor,2026-11-13 19:00,2026-11-14 07:00,x\n", "", "line 3: it has 4 columns"},
		{"a day without a time", good + "Okafor,2026-11-13,2026-11-14\n", "", "line 3: its from says no time of day"},
		{"a slashed day without a time", good + "Okafor,11/13/2026,2026-11-14 07:00\n", "", "says no time of day"},
		{"a year of two digits", good + "Okafor,11/13/26 19:00,11/14/26 07:00\n", "", "year of two digits"},
		{"no date", good + "Okafor,soon,later\n", "", "its to cannot be read"},
		{"no such day", good + "Okafor,2/30/2026 19:00,11/14/2026 07:00\n", "", "line 3: there is no day 2/30"},
		{"both orders", good + "Okafor,11/13/2026 19:00,14/11/2026 07:00\n", "", "some are month/day/year and some"},
		{"not the order that was said", good + "Okafor,11/13/2026 19:00,11/14/2026 07:00\n", "dmy", "not in the order that you say"},
		{"quotation marks", good + "\"Okafor,2026-11-13 19:00,2026-11-14 07:00\n", "", "line 3: its quotation marks"},
		{"not UTF-8", good + "Mu\xf1oz,2026-11-13 19:00,2026-11-14 07:00\n", "", "CSV UTF-8"},
		{"too many", "person,from,to\n" + strings.Repeat("A,2026-11-13 19:00,2026-11-14 07:00\n", oncall.MaxFileShifts+1), "", "more than 10,000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := readCSV(t, c.text, c.dates)
			var bad *oncall.BadFile
			if !errors.As(err, &bad) || len(f.Shifts) > 0 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v and %d shifts", c.want, err, len(f.Shifts))
			}
		})
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	_, err := readCSV(t, "person,from,to\n"+strings.Repeat("A,soon,later\n", 100), "")
	var bad *oncall.BadFile
	if !errors.As(err, &bad) || len(bad.Lines) != 21 || bad.Lines[20] != "and 180 more" {
		t.Errorf("%v", err)
	}
}

func TestASecondCopyOfAFileIsTheSameFile(t *testing.T) {
	for name, want := range map[string]string{
		"Calls.CSV": "calls.csv", "calls (1).csv": "calls.csv", "/home/rosa/calls - copy.csv": "calls.csv", "calls-12.csv": "calls-12.csv",
	} {
		f, err := oncall.ReadFile(name, []byte("person,from,to\nOkafor,2026-11-13 19:00,2026-11-14 07:00\n"), oncall.FileOptions{Zone: newYork(t), Now: autumn})
		if err != nil || f.Source != want {
			t.Errorf("%s is %q, %v", name, f.Source, err)
		}
	}
	if _, err := oncall.ReadFile("calls.xlsx", nil, oncall.FileOptions{}); err == nil {
		t.Error("a workbook was read")
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("person,from,to\nOkafor,2026-11-13 19:00,2026-11-14 07:00\n"))
	f.Add([]byte("\xef\xbb\xbfPerson;From;To;Layer\r\n\"Hale, Tom\";11/13/2026 7 p.m.;\"Nov 14, 2026 7:00 AM\";Backup\r\n"))
	f.Add([]byte("name\tstart\tend\nA\t2026-11-01T01:30:00-04:00\t13/11/2026 07:00\n"))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, "calls.csv", data) })
}
