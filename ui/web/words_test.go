package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// madeKeys are the beginnings of keys that end in a code of ours: a status, a
// channel, an event. Their ends are checked where the codes are listed.
var madeKeys = []string{"alarm.more", "draft.aside", "alarm.what.", "channel.", "check.phone.", "channels.field.", "channels.help.", "channels.how.", "channels.kind.", "channels.of.", "channels.preset.", "notice.reason.", "event.received.", "cover.kind.", "coverage.day.", "coverage.when.", "every.", "flag.", "flags.words", "protocol.ask.", "protocol.changes", "protocol.channel.", "protocol.yaml", "types.fields", "types.kind.", "types.step.", "types.steps", "types.ticked.", "message.sub.", "outcome.", "queue.kind.", "queue.state.", "role.", "routes.channel.", "sealed.", "sealed.do.", "sealed.why.", "severity.", "signin.waiting", "status.", "urgency.", "way.", "whom."}

var (
	sayInTemplate = regexp.MustCompile(`\{\{say "([^"]+)"([^}]*)\}\}`)
	sayInModule   = regexp.MustCompile(`'(js\.[a-z-]+)'`)
	verb          = regexp.MustCompile(`%[.0-9]*[sdf]`)
)

func TestEveryWordIsThereAndUsed(t *testing.T) {
	w, err := readWords("words/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, key := range append(keysInTemplates(t, w), append(keysInModules(t), keysInCode(t)...)...) {
		used[key] = true
		if _, ok := w[key]; !ok && !slices.Contains(madeKeys, key) {
			t.Errorf("%q is said and stands in no file of words", key)
		}
	}
	for key := range w {
		made := slices.ContainsFunc(madeKeys, func(p string) bool { return strings.HasPrefix(key, p) })
		if !used[key] && !made {
			t.Errorf("%q is never said", key)
		}
	}
}

// keysInTemplates answers what templates say, and checks that as many values
// are given as the text has places for.
func keysInTemplates(t *testing.T, w words) (keys []string) {
	each(t, templateFiles, ".html", func(file, text string) {
		for _, m := range sayInTemplate.FindAllStringSubmatch(text, -1) {
			keys = append(keys, m[1])
			if want, got := len(verb.FindAllString(w[m[1]], -1)), len(strings.Fields(m[2])); want != got {
				t.Errorf("%s: %q has places for %d values and is given %d", file, m[1], want, got)
			}
		}
	})
	return keys
}

func keysInModules(t *testing.T) (keys []string) {
	each(t, staticFiles, ".js", func(_, text string) {
		for _, m := range sayInModule.FindAllStringSubmatch(text, -1) {
			keys = append(keys, m[1])
		}
	})
	return keys
}

func each(t *testing.T, files fs.FS, ending string, f func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ending {
			return err
		}
		b, err := fs.ReadFile(files, name)
		f(name, string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var keyLike = regexp.MustCompile(`^(and|[a-z][a-z-]*(\.[a-z0-9-]+)+\.?)$`)

// keysInCode answers the strings of the package's code that are keys.
func keysInCode(t *testing.T) (keys []string) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	notKeys := []string{"app.js", stylesheet, "templates/base.html"}
	for _, m := range mended {
		notKeys = append(notKeys, m.id)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, isImport := n.(*ast.ImportSpec); isImport {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err == nil && keyLike.MatchString(s) && !slices.Contains(notKeys, s) {
				keys = append(keys, s)
			}
			return true
		})
	}
	// w.count says key.one and key.many.
	return append(keys, "signin.waiting.one", "signin.waiting.many", "alarm.more.one", "alarm.more.many", "draft.aside.one", "draft.aside.many")
}

func TestWordsArePlain(t *testing.T) {
	b, err := os.ReadFile("words/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, jargon := range []string{"submit", "entity", "invalid", "click here", "oops"} {
		for n, line := range strings.Split(string(b), "\n") {
			if strings.Contains(strings.ToLower(line), jargon) {
				t.Errorf("line %d says %q", n+1, jargon)
			}
		}
	}
}
