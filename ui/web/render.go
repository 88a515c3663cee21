package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed templates
var templateFiles embed.FS

// renderer holds the pages, each parsed once with what stands around it.
type renderer struct {
	pages map[string]*template.Template
}

func newRenderer(w words, a *assets) (*renderer, error) {
	jsWords, err := w.forModules()
	if err != nil {
		return nil, err
	}
	around, err := template.New("").Funcs(template.FuncMap{
		"say":     w.say,
		"static":  a.path,
		"tel":     telephone,
		"modules": func(page string) []string { return a.modulesOf(page) },
		"own":     func(page string) string { return strings.Join(pageModules[page], " ") },
		"jsWords": func() string { return jsWords },
		"upper":   strings.ToUpper,
		"wrong":   markWrong,
	}).ParseFS(templateFiles, "templates/base.html", "templates/partials/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing templates: %w", err)
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	r := &renderer{pages: map[string]*template.Template{}}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "base" {
			continue
		}
		page, err := around.Clone()
		if err == nil {
			page, err = page.ParseFS(templateFiles, file)
		}
		if err != nil {
			return nil, fmt.Errorf("parsing page %s: %w", name, err)
		}
		r.pages[name] = page
	}
	return r, nil
}

// bytes renders a page, or with part only that template of it.
func (r *renderer) bytes(page, part string, data any) ([]byte, error) {
	t, ok := r.pages[page]
	if !ok {
		return nil, fmt.Errorf("there is no page %q", page)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", page, err)
	}
	return b.Bytes(), nil
}

// page answers a whole page. It is rendered before the first byte is sent, so
// that a failure is a page too.
func (s *Server) page(c echo.Context, status int, name string, data any) error {
	b, err := s.render.bytes(name, "base", data)
	if err != nil {
		return err
	}
	return c.HTMLBlob(status, b)
}

// part answers a piece of a page, for a module that puts it in place.
func (s *Server) part(c echo.Context, page, part string, data any) error {
	b, err := s.render.bytes(page, part, data)
	if err != nil {
		return err
	}
	return c.HTMLBlob(200, b)
}
