package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// screen is what a page is looked at on.
type screen struct {
	width, height int64
	touch         bool
}

// screens are a phone, a small laptop, and a desk: the widths at which the
// layout must hold.
var screens = []screen{{390, 844, true}, {1024, 768, false}, {1600, 1000, false}}

var schemes = []string{"light", "dark"}

// rules are what WCAG 2.2 at level AA asks, as axe-core sorts its rules.
const rules = `{ type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }`

// contrast is the one rule among them that the scheme can break.
const contrast = `{ type: 'rule', values: ['color-contrast'] }`

// state is a page as somebody may find it.
type state struct {
	name string
	path string
	then func(*tab) // brings the page into it; nil: as it comes
}

// look looks at states in each scheme on each screen: nothing scrolls sideways,
// axe-core finds no barrier, once on each screen and for the colours in both
// schemes, and a picture is kept in shots/.
func (c *chrome) look(t *testing.T, who *person, states []state) {
	t.Helper()
	tabs := make(chan *tab, 2)
	for range cap(tabs) {
		one := who.anotherTab()
		one.do("hiding scrollbars", one.call(emulation.SetScrollbarsHidden.Method, emulation.SetScrollbarsHiddenParams{Hidden: true}))
		tabs <- one
	}
	t.Run("states", func(t *testing.T) {
		for _, s := range states {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				one := <-tabs
				defer func() { tabs <- one }()
				mine := *one
				mine.t = t
				c.lookAt(&mine, s)
			})
		}
	})
}

func (c *chrome) lookAt(b *tab, s state) {
	c.spent.on("opening", func() {
		b.on(screens[len(screens)-1], schemes[0])
		b.open(s.path)
		if s.then != nil {
			s.then(b)
		}
		b.run(c.axe)
	})
	for _, on := range screens {
		for _, scheme := range schemes {
			b.on(on, scheme)
			if wide := ask[float64](b, `document.scrollingElement.scrollWidth`); int64(wide) > on.width {
				b.t.Errorf("%d px wide, %s: the page scrolls sideways, to %g px: %s", on.width, scheme, wide, ask[string](b, tooWide))
			}
			where := fmt.Sprintf("%d px wide, %s", on.width, scheme)
			b.whole(on) // what a bar covers until one scrolls is no small target
			switch {
			case (scheme == "dark") == on.touch:
				c.spent.on("every rule", func() { b.barriers(where, rules) })
			case on.width == 1600: // colours are the same on each screen
				c.spent.on("contrast", func() { b.barriers(where, contrast) })
			}
			c.spent.on("pictures", func() { b.picture(on, fmt.Sprintf("%s-%d-%s.png", s.name, on.width, scheme)) })
		}
	}
}

// tooWide names what sticks out of the page.
const tooWide = `[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 160)).join('\n')`

// on chooses a screen and a scheme.
func (b *tab) on(s screen, scheme string) {
	b.t.Helper()
	var opts []chromedp.EmulateViewportOption
	if s.touch {
		opts = append(opts, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	b.do("choosing a screen", chromedp.EmulateViewport(s.width, s.height, opts...), b.call(emulation.SetEmulatedMedia.Method, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}))
}

// call is a command of the browser as a step.
func (b *tab) call(method string, params any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return t.Call(ctx, method, params, nil) })
}

// barriers fails the test for each barrier that axe-core finds in the page.
func (b *tab) barriers(where, which string) {
	b.t.Helper()
	found := ask[[]struct {
		ID, Help string
		Nodes    []string
	}](b, fmt.Sprintf(`axe.run({ runOnly: %s, resultTypes: ['violations'], preload: false }).then(r =>
		r.violations.map(v => ({ ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.html.slice(0, 200) + ' ' + n.failureSummary) })))`, which))
	for _, f := range found {
		b.t.Errorf("%s: %s (%s)\n%s", where, f.Help, f.ID, strings.Join(f.Nodes, "\n"))
	}
}

// whole makes the screen as high as the page.
func (b *tab) whole(on screen) {
	b.t.Helper()
	high := max(on.height, int64(ask[float64](b, `document.scrollingElement.scrollHeight`)))
	if high > on.height {
		b.do("making the screen as high as the page", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			return t.Call(ctx, emulation.SetDeviceMetricsOverride.Method, emulation.SetDeviceMetricsOverrideParams{Width: on.width, Height: high, DeviceScaleFactor: 1, Mobile: on.touch}, nil)
		}))
	}
}

// picture keeps what the page looks like from top to bottom.
func (b *tab) picture(on screen, name string) {
	b.t.Helper()
	b.whole(on)
	b.keep(filepath.Join(root, "shots", name), page.CaptureScreenshotParams{OptimizeForSpeed: new(true)})
}

// keep takes a picture of what is on the screen.
func (b *tab) keep(file string, how page.CaptureScreenshotParams) {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, page.CaptureScreenshot, how)
	if err != nil {
		b.fatalf("taking a picture: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, got.Data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
