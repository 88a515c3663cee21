package browser_test

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// middle is the middle of an element that is shown.
func (b *tab) middle(selector string) (x, y float64) {
	b.t.Helper()
	at := ask[[2]float64](b, fmt.Sprintf(`(() => {
		const e = [...document.querySelectorAll(%q)].find(e => e.checkVisibility());
		if (!e) throw new Error('nothing there');
		e.scrollIntoView({ block: 'center', behavior: 'instant' });
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	return at[0], at[1]
}

// drag takes one element by the pointer and drops it on another that is on the
// screen with it. The browser hands the drag over once the pointer moved with it,
// as it does to the window system.
func (b *tab) drag(from, to string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	taken := make(chan *input.DragData, 1)
	err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*input.EventDragIntercepted); ok && len(taken) == 0 {
			taken <- e.Data
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.middle(to) // both come onto the screen
	x, y := b.middle(from)
	tx, ty := b.where(to)
	command(b, ctx, input.SetInterceptDrags, input.SetInterceptDragsParams{Enabled: true})
	mouse := func(what input.DispatchMouseEventType, x, y float64) {
		b.t.Helper()
		command(b, ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: what, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1})
	}
	mouse(input.DispatchMouseEventTypeMousePressed, x, y)
	mouse(input.DispatchMouseEventTypeMouseMoved, x+8, y+8)
	mouse(input.DispatchMouseEventTypeMouseMoved, (x+tx)/2, (y+ty)/2)
	var data *input.DragData
	select {
	case data = <-taken:
	case <-ctx.Done():
		b.fatalf("nothing is dragged from %s", from)
	}
	for _, what := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		command(b, ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: what, X: tx, Y: ty, Data: data})
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, tx, ty)
	command(b, ctx, input.SetInterceptDrags, input.SetInterceptDragsParams{})
}

// command sends the browser one command of its protocol.
func command[P, R any](b *tab, ctx context.Context, cmd cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(ctx, cmd, params); err != nil {
		b.fatalf("%s: %v", cmd.Method, err)
	}
}

// where is the middle of an element, wherever the page is scrolled to.
func (b *tab) where(selector string) (x, y float64) {
	b.t.Helper()
	at := ask[[2]float64](b, fmt.Sprintf(`(() => {
		const r = [...document.querySelectorAll(%q)].find(e => e.checkVisibility()).getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	return at[0], at[1]
}
