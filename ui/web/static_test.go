package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// budget is what a page may cost beside its own text, as it travels: first paint
// on a phone at night has to be at once.
const budget = 20 << 10

func TestStyleAndModulesOfAPageAreSmall(t *testing.T) {
	a, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]int{}
	for page := range pageModules {
		total := 0
		for _, name := range append(a.modulesOf(page), stylesheet, "app.js") {
			if sent[name] == 0 {
				sent[name] = askStatic(t, a, name, "").Body.Len()
			}
			total += sent[name]
		}
		if total > budget {
			t.Errorf("style and modules of %s are %d bytes together, more than %d", page, total, budget)
		}
		t.Logf("style and modules of %s: %d bytes", page, total)
	}
}

// askStatic asks for a file as a browser does that has the one of the tag.
func askStatic(t *testing.T, a *assets, name, tag string) *httptest.ResponseRecorder {
	t.Helper()
	e := echo.New()
	for _, r := range (&Server{assets: a}).routes() {
		if strings.HasPrefix(r.path, "/static/") {
			e.Add(r.method, r.path, r.handle)
		}
	}
	req := httptest.NewRequest(http.MethodGet, a.path(name), nil)
	req.Header.Set("Accept-Encoding", "gzip, deflate, br")
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	got := httptest.NewRecorder()
	e.ServeHTTP(got, req)
	if got.Code >= http.StatusBadRequest {
		t.Fatalf("%s answers %d", name, got.Code)
	}
	return got
}

func TestWhatABrowserHasIsNotSentAgain(t *testing.T) {
	a, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	first := askStatic(t, a, stylesheet, "")
	unpacked, err := gzip.NewReader(first.Body)
	if err != nil {
		t.Fatal("it does not travel packed: ", err)
	}
	if body, err := io.ReadAll(unpacked); err != nil || !bytes.Equal(body, a.files[stylesheet].body) {
		t.Errorf("what came is not what is served: %v", err)
	}
	if again := askStatic(t, a, stylesheet, first.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("asked again it answers %d with %d bytes", again.Code, again.Body.Len())
	}
}

func TestSqueezeKeepsRules(t *testing.T) {
	got := squeeze("/* a */\n:root {\n  --x: 1px; /* b */\n}\n\n@media (x) { a, b :is(i):after { c: d; content: attr(e) \": \"; } }\n")
	if want := ":root{\n--x:1px;\n}\n@media (x){a,b :is(i):after{c:d;content:attr(e) \": \"}}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The policy forbids what stands in a page itself; a template that has it would
// be a page that does not work.
func TestNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|style="|<script(?:>| [^>]*type="text/javascript")|\son[a-z]+="|javascript:|https?://[a-z]`)
	each(t, templateFiles, ".html", func(name, text string) {
		for _, hit := range inline.FindAllString(text, -1) {
			if hit == "https://{" {
				continue
			}
			t.Errorf("%s has %q", name, hit)
		}
	})
}

// A browser keeps what is typed into fields and sends it away to check its
// spelling, unless it is told not to.
func TestTypedTextStaysHere(t *testing.T) {
	field := regexp.MustCompile(`(?s)<(input|textarea)\b[^>]*>`)
	each(t, templateFiles, ".html", func(name, text string) {
		text = regexp.MustCompile(`\{\{[^}]*\}\}`).ReplaceAllString(text, "")
		for _, tag := range field.FindAllString(text, -1) {
			if regexp.MustCompile(`type="(hidden|radio|checkbox|range|datetime-local)"`).MatchString(tag) {
				continue
			}
			if !strings.Contains(tag, "autocomplete=") {
				t.Errorf("%s: %s says nothing about autocomplete", name, tag)
			}
			if strings.HasPrefix(tag, "<textarea") && !strings.Contains(tag, `spellcheck="false"`) {
				t.Errorf("%s: %s lets the browser check its spelling", name, tag)
			}
		}
	})
}

func TestNothingIsKeptInTheBrowserButTaste(t *testing.T) {
	kept := regexp.MustCompile(`(?:local|session)Storage\.setItem\(([^,]+),`)
	each(t, staticFiles, ".js", func(name, text string) {
		for _, m := range kept.FindAllStringSubmatch(text, -1) {
			switch strings.Trim(m[1], "'") {
			case "nightbell.volume", "nightbell.quiet", "off":
			default:
				t.Errorf("%s keeps %s in the browser", name, m[1])
			}
		}
		if strings.Contains(text, "indexedDB") || strings.Contains(text, "document.cookie") {
			t.Errorf("%s reaches for a browser's storage", name)
		}
	})
}

// A password manager keeps a password with the field before it that names an account.
func TestEveryNewPasswordNamesItsAccount(t *testing.T) {
	form := regexp.MustCompile(`(?s)<form\b.*?</form>`)
	each(t, templateFiles, ".html", func(name, text string) {
		for _, one := range form.FindAllString(text, -1) {
			account, _, has := strings.Cut(one, `type="password"`)
			if has && !strings.Contains(account, `autocomplete="username"`) && !strings.Contains(account, `{{template "account"`) {
				t.Errorf("%s: a password of nobody's in\n%s", name, one)
			}
		}
	})
}

// A partial that is used twice on a page must not carry an id of its own.
func TestNoIdStandsInAPartialThatIsUsedAgain(t *testing.T) {
	used := map[string]int{}
	each(t, templateFiles, ".html", func(_, text string) {
		here := map[string]int{}
		for _, m := range regexp.MustCompile(`\{\{template "([^"]+)"`).FindAllStringSubmatch(text, -1) {
			here[m[1]]++
		}
		for name, n := range here {
			used[name] = max(used[name], n)
		}
	})
	each(t, templateFiles, ".html", func(file, text string) {
		for _, m := range regexp.MustCompile(`(?s)\{\{define "([^"]+)"\}\}(.*?)(?:\{\{define |\z)`).FindAllStringSubmatch(text, -1) {
			if used[m[1]] > 1 && regexp.MustCompile(`\sid="[^{"]+"`).MatchString(m[2]) {
				t.Errorf("%s: %q is used %d times on a page and has an id", file, m[1], used[m[1]])
			}
		}
	})
}
