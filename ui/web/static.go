package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages are dressed with, in memory. All of them lie
// under one hash of their contents, so that modules find each other by relative
// names and a browser may keep them for ever.
type assets struct {
	prefix  string // "/static/HASH/"
	files   map[string]asset
	modules []string // names of the modules that every page loads
}

// pageModules are the modules that some pages need alone, without their ending,
// by frame.Page: what they bring with them is named too.
var pageModules = map[string][]string{
	"take":    {"take", "script", "check", "spell"},
	"inbox":   {"inbox", "message"},
	"message": {"message"},
	"backups": {"backup"},
	"answer":  {"answer"},
	"bell":    {"rings"},
	"on-call": {"cover"},
}

func everyPageLoads(name string) bool {
	for _, modules := range pageModules {
		if slices.Contains(modules, strings.TrimSuffix(name, ".js")) {
			return false
		}
	}
	return name != "app.js"
}

type asset struct {
	body []byte
	kind string
	etag string
}

// stylesheet is the name under which all style sheets are served as one.
const stylesheet = "nightbell.css"

func readAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	var css strings.Builder
	all := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := staticFiles.ReadFile(file)
		if err != nil {
			return err
		}
		all.Write(b)
		switch name := path.Base(file); path.Ext(file) {
		case ".css":
			css.WriteString(squeeze(string(b)))
		case ".js":
			a.add(name, []byte(squeezeModule(string(b))))
			if everyPageLoads(name) {
				a.modules = append(a.modules, name)
			}
		default:
			a.add(name, b)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading static files: %w", err)
	}
	a.add(stylesheet, []byte(css.String()))
	a.prefix = "/static/" + hex.EncodeToString(all.Sum(nil)[:8]) + "/"
	return a, nil
}

// modulesOf answers the files of all modules that a page loads.
func (a *assets) modulesOf(page string) []string {
	list := slices.Clone(a.modules)
	for _, name := range pageModules[page] {
		list = append(list, name+".js")
	}
	return list
}

func (a *assets) add(name string, body []byte) {
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // a machine's own table of types is not trusted with these
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	}
	sum := sha256.Sum256(body)
	a.files[name] = asset{body: body, kind: kind, etag: `W/"` + hex.EncodeToString(sum[:8]) + `"`}
}

// tight are the blanks of a rule that no browser needs. A text of a colon and a
// blank keeps its own.
var tight = strings.NewReplacer(`": "`, `": "`, " { ", "{", " {", "{", "; }", "}", " }", "}", "; ", ";", ": ", ":", ", ", ",")

// squeeze drops comments, indentation and blanks, which no browser needs.
func squeeze(css string) string {
	for {
		from := strings.Index(css, "/*")
		if from < 0 {
			break
		}
		to := strings.Index(css[from:], "*/")
		if to < 0 {
			break
		}
		css = css[:from] + css[from+to+2:]
	}
	lines := strings.Split(css, "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
	for i, l := range lines {
		lines[i] = tight.Replace(strings.TrimSpace(l))
	}
	return strings.Join(lines, "\n") + "\n"
}

// squeezeModule drops lines that are comments, and indentation. No module has a
// text of several lines.
func squeezeModule(js string) string {
	var lines []string
	for line := range strings.Lines(js) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// path answers where a file is served.
func (a *assets) path(name string) string { return a.prefix + name }

// serve answers a file. Under the hash of now a browser may keep it for ever; under
// an older one, from a page that was open during an update, it may not.
func (a *assets) serve(c echo.Context) error {
	file, ok := a.files[c.Param("name")]
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("ETag", file.etag)
	if strings.HasPrefix(c.Request().URL.Path, a.prefix) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if c.Request().Header.Get("If-None-Match") == file.etag {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, file.kind, file.body)
}
