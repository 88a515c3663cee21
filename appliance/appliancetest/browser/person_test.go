package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nightbell/appliance/appliancetest"
)

// patience is how long a page may take for what comes by itself: far longer than
// on a busy machine, so that only what never comes fails.
const patience = 30 * time.Second

// person is somebody with a browser of their own: cookies and storage are shared
// by their tabs and by nobody else's.
type person struct {
	*tab
	practice *appliancetest.Practice
}

// tab is one page that is open.
type tab struct {
	t     *testing.T
	ctx   context.Context
	base  string
	watch *watch
}

// person opens a browser at the practice; nobody is signed in yet.
func (c *chrome) person(t *testing.T, p *appliancetest.Practice) *person {
	t.Helper()
	ctx, end := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b := &person{practice: p, tab: &tab{t: t, ctx: ctx, base: "https://" + p.HTTPS, watch: &watch{base: "https://" + p.HTTPS}}}
	b.begin()
	t.Cleanup(b.tab.leftNothing)
	return b
}

// anotherTab opens one more page in the same browser.
func (b *person) anotherTab() *tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.t.Cleanup(end)
	second := &tab{t: b.t, ctx: ctx, base: b.base, watch: b.watch}
	second.begin()
	return second
}

// begin opens the tab and watches it from its first request on.
func (b *tab) begin() {
	b.t.Helper()
	if err := chromedp.Listen(b.ctx, b.watch.event); err != nil {
		b.t.Fatalf("opening a tab: %v", err)
	}
	b.do("choosing the size", chromedp.EmulateViewport(1280, 800))
}

// signIn signs in by keyboard.
func (b *person) signIn(who appliancetest.Login) {
	b.t.Helper()
	b.open("/sign-in")
	b.typeIn(who.Name)
	b.press("Tab")
	b.typeIn(who.Password)
	b.press("Enter")
	b.lands("inbox")
}

// open goes to a page.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do("opening "+path, chromedp.Navigate(b.base+path))
	b.until(path+" to come", `document.documentElement.dataset.ready === '1'`)
}

// lands waits until a page stands there whole, its modules included.
func (b *tab) lands(page string) {
	b.t.Helper()
	b.until("the page "+page, fmt.Sprintf(`document.body.dataset.page === %q && document.documentElement.dataset.ready === '1'`, page))
}

// press presses keys one after the other, as they are called on their caps:
// "T", "Enter", "Ctrl+Enter".
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		var held []kb.Modifier
		name := key
		for {
			mod, rest, more := strings.Cut(name, "+")
			if !more || rest == "" {
				break
			}
			held = append(held, map[string]kb.Modifier{"Ctrl": kb.ModifierCtrl, "Alt": kb.ModifierAlt, "Shift": kb.ModifierShift}[mod])
			name = rest
		}
		special := map[string]string{"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ", "Down": kb.ArrowDown}
		code, ok := special[name]
		if !ok {
			code = strings.ToLower(name)
		}
		b.do("pressing "+key, chromedp.KeyEvent(code, chromedp.KeyModifiers(held...), asOneStroke))
	}
}

// asOneStroke lets the key bring its own letter, as a keyboard's does: a page
// that took the key as a shortcut then keeps the letter out of what it focused.
func asOneStroke(k *input.DispatchKeyEventParams) {
	if len(k.Key) != 1 {
		return // Enter and its like are no letters
	}
	switch k.Type {
	case kb.KeyChar:
		k.Text, k.UnmodifiedText = "", ""
	case kb.KeyDown:
		if k.Modifiers&^int64(kb.ModifierShift) == 0 {
			k.Text, k.UnmodifiedText = k.Key, k.Key
		}
	}
}

// typeIn types text where the focus is.
func (b *tab) typeIn(text string) {
	b.t.Helper()
	b.do("typing", chromedp.KeyEvent(text))
}

// click clicks in the middle of an element.
func (b *tab) click(selector string) {
	b.t.Helper()
	at := ask[[2]float64](b, fmt.Sprintf(`(() => {
		const e = [...document.querySelectorAll(%q)].find(e => e.checkVisibility());
		if (!e) throw new Error('nothing to click');
		e.scrollIntoView({ block: 'nearest' });
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	b.do("clicking "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// until waits for something to be true of the page, whichever page it is by then.
func (b *tab) until(what, condition string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	look := fmt.Sprintf(`new Promise(seen => {
		const look = () => {
			let yes = false;
			try { yes = Boolean(%s); } catch {}
			if (yes) seen(true); else setTimeout(look, 15);
		};
		look();
	})`, condition)
	for {
		// A page that goes takes its promise along; the next page is asked anew.
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](look, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			b.fatalf("it does not come: %s", what)
		}
	}
}

// shows waits until the page shows some words.
func (b *tab) shows(words string) {
	b.t.Helper()
	b.until(fmt.Sprintf("the words %q", words), fmt.Sprintf(`document.body.innerText.includes(%s)`, quoted(words)))
}

// ask answers what an expression is in the page.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fatalf("asking the page for %s: %v", expression, err)
	}
	return v
}

// run does something in the page that answers nothing.
func (b *tab) run(script string) {
	b.t.Helper()
	b.do("running a script in the page", chromedp.Evaluate[chromedp.Void](script, func(p *runtime.EvaluateParams) {}))
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fatalf("%s: %v", what, err)
	}
}

// fatalf fails the test with what the page shows, and a picture of it.
func (b *tab) fatalf(format string, args ...any) {
	b.t.Helper()
	where, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + ' "' + document.title + '"\n' + document.body.innerText`))
	if picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot()); err == nil {
		name := strings.NewReplacer("/", "-", " ", "-").Replace(b.t.Name()) + ".png"
		folder := filepath.Join(root, "shots", "failed")
		if os.MkdirAll(folder, 0o755) == nil && os.WriteFile(filepath.Join(folder, name), picture, 0o644) == nil {
			where += "\n(see shots/failed/" + name + ")"
		}
	}
	b.t.Fatalf(format+"\nat %s", append(args, where)...)
}

// quoted writes words as a literal of a script.
func quoted(words string) string {
	b, err := json.Marshal(words)
	if err != nil {
		panic(err) // a string always is one
	}
	return string(b)
}
