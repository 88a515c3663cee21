package protocol

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	// MaxFile bounds a protocol as a file: ten times the longest that is shipped.
	MaxFile  = 1 << 20
	maxDepth = 20 // levels; the deepest place of a protocol has eight
)

// Fault is something that is wrong with a protocol, at a place in it.
type Fault struct {
	Path  string // "call_types.refill.fields.dose": list entries by their id, name or value
	Words string // one sentence, for whoever writes the protocol
	Line  int    // of the file that it was read from; 0: of none
}

// BadFile says why a file is no protocol, all of it at once.
type BadFile struct{ Faults []Fault }

func (e *BadFile) Error() string { return "this is no protocol: " + strings.Join(e.Lines(), "; ") }

// Lines says what is wrong, a line each.
func (e *BadFile) Lines() []string {
	var lines []string
	for _, f := range e.Faults {
		lines = append(lines, fmt.Sprintf("line %d: %s", f.Line, f.Words))
	}
	return lines
}

// Todo says what whoever gave the file can do.
func (e *BadFile) Todo() string { return "put these lines right, and import it again" }

// Encode writes a protocol as its file: what export answers and what the store
// keeps.
func Encode(p Protocol) ([]byte, error) {
	file, err := yaml.Dump(p, yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("writing the protocol as a file: %w", err)
	}
	return file, nil
}

// Decode reads a file that Encode or a person wrote. Comments say nothing to the
// protocol and are not kept: comments says that there were some. What is wrong is
// a *BadFile.
func Decode(file []byte) (p Protocol, comments bool, err error) {
	if len(file) > MaxFile {
		return p, false, &BadFile{[]Fault{{Words: fmt.Sprintf("the file is larger than %d KB", MaxFile>>10), Line: 1}}}
	}
	limits := yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))
	var root yaml.Node
	if err := yaml.Load(file, &root, limits); err != nil {
		return p, false, badFile(err)
	}
	if err := yaml.Load(file, &p, yaml.WithKnownFields(), limits); err != nil {
		return Protocol{}, false, badFile(err)
	}
	if faults := p.malformed(); len(faults) > 0 {
		for i := range faults {
			faults[i].Line = lineOf(&root, faults[i].Path)
		}
		return Protocol{}, false, &BadFile{faults}
	}
	return p, commented(&root), nil
}

// Copy answers the protocol with nothing shared with it: one to be changed.
func (p Protocol) Copy() (Protocol, error) {
	file, err := Encode(p)
	if err != nil {
		return Protocol{}, err
	}
	own, _, err := Decode(file)
	own.Version = p.Version
	return own, err
}

// badFile says what the library found wrong in words for people.
func badFile(err error) error {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	var found []*yaml.LoadError
	switch {
	case errors.As(err, &many):
		found = many.Errors
	case errors.As(err, &one):
		found = append(found, one)
	default:
		return &BadFile{[]Fault{{Words: inPlainWords(err.Error()), Line: 1}}}
	}
	bad := &BadFile{}
	for _, e := range found {
		bad.Faults = append(bad.Faults, Fault{Words: inPlainWords(e.Message), Line: max(e.Mark.Line, 1)})
	}
	return bad
}

var (
	unknownField = regexp.MustCompile(`^field (\S+) not found in type`)
	wrongKind    = regexp.MustCompile("^cannot construct !!(\\w+)(?: `(.*)`)? into (.*)$")
)

// inPlainWords says the library's commonest complaints without its types.
func inPlainWords(said string) string {
	switch said {
	case "yaml: no documents in stream":
		return "the file is empty"
	case "yaml: expected single document, found multiple":
		return "the file has several documents in it, and may have one"
	}
	if m := unknownField.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("%q is nothing that a protocol has here", m[1])
	}
	if m := wrongKind.FindStringSubmatch(said); m != nil {
		switch {
		case m[3] == "int":
			return "a whole number belongs here"
		case m[3] == "bool":
			return "true or false belongs here"
		case m[1] == "map" || m[1] == "seq":
			return "a single value belongs here, not a list or a group"
		}
		return "a list or a group belongs here, not a single value"
	}
	return said
}

// commented says whether a file has comments.
func commented(n *yaml.Node) bool {
	if n.HeadComment+n.LineComment+n.FootComment != "" {
		return true
	}
	for _, c := range n.Content {
		if commented(c) {
			return true
		}
	}
	return false
}

// lineOf finds a place in a file: the innermost part of its path that is there.
func lineOf(root *yaml.Node, path string) int {
	n := root
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := max(n.Line, 1)
	for _, part := range strings.Split(path, ".") {
		next := childOf(n, part)
		if next == nil {
			break
		}
		n, line = next, next.Line
	}
	return line
}

func childOf(n *yaml.Node, part string) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			if strconv.Itoa(i) == part {
				return c
			}
			for _, key := range []string{"id", "name", "value"} {
				if v := childOf(c, key); v != nil && c.Kind == yaml.MappingNode && v.Value == part {
					return c
				}
			}
		}
	}
	return nil
}

// UnmarshalText reads a duration as MarshalText writes it.
func (d *Duration) UnmarshalText(b []byte) error {
	text := string(b)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 && n <= 3650 {
			*d = Duration(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	span, err := time.ParseDuration(text)
	if err != nil || span < 0 || span%time.Minute != 0 {
		return errors.New("a span of time is written as 30m, 4h or 2d")
	}
	*d = Duration(span)
	return nil
}

// MarshalText writes the duration in its largest whole unit: "2d", "4h", "90m".
func (d Duration) MarshalText() ([]byte, error) {
	span := time.Duration(d)
	switch {
	case span > 0 && span%(24*time.Hour) == 0:
		return fmt.Appendf(nil, "%dd", span/(24*time.Hour)), nil
	case span > 0 && span%time.Hour == 0:
		return fmt.Appendf(nil, "%dh", span/time.Hour), nil
	}
	return fmt.Appendf(nil, "%dm", span/time.Minute), nil
}
