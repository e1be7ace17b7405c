package browsertest

import (
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// point is a place in the window, in CSS pixels.
type point struct{ x, y float64 }

func (p point) right(by float64) point { return point{p.x + by, p.y} }

// between yields the way from p to q in steps, as a hand would move.
func (p point) between(q point) (way []point) {
	const steps = 8
	for i := 1; i <= steps; i++ {
		f := float64(i) / steps
		way = append(way, point{p.x + f*(q.x-p.x), p.y + f*(q.y-p.y)})
	}
	return way
}

// click clicks the middle of an element with the mouse.
func (p *tab) click(selector string) {
	p.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// middle scrolls an element into view and returns where its middle is.
func (p *tab) middle(selector string) point {
	p.Helper()
	at := value[[]float64](p, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		e.scrollIntoView({ block: "nearest", behavior: "instant" });
		const r = e.getBoundingClientRect();
		return [(r.left + r.right) / 2, (r.top + r.bottom) / 2];
	})()`, selector))
	return point{at[0], at[1]}
}

// mouseDrag presses, moves and releases the left button. held is called before the release.
func (p *tab) mouseDrag(from, to point, held func()) {
	p.Helper()
	left := func(e *input.DispatchMouseEventParams) {
		e.Button, e.Buttons, e.ClickCount = input.MouseButtonLeft, 1, 1
	}
	p.do(chromedp.MouseEvent(chromedp.MouseMoved, from.x, from.y), chromedp.MouseEvent(chromedp.MousePressed, from.x, from.y, left))
	for _, at := range from.between(to) {
		p.do(chromedp.MouseEvent(chromedp.MouseMoved, at.x, at.y, left))
	}
	if held != nil {
		held()
	}
	p.do(chromedp.MouseEvent(chromedp.MouseReleased, to.x, to.y, left))
}

// touchDrag moves a finger over the screen.
func (p *tab) touchDrag(from, to point) {
	p.Helper()
	p.touch(input.DispatchTouchEventTypeTouchStart, from)
	p.touchMove(from, to)
	p.touch(input.DispatchTouchEventTypeTouchEnd)
}

func (p *tab) touchMove(from, to point) {
	p.Helper()
	for _, at := range from.between(to) {
		p.touch(input.DispatchTouchEventTypeTouchMove, at)
	}
}

func (p *tab) touch(kind input.DispatchTouchEventType, at ...point) {
	p.Helper()
	e := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{}}
	for _, a := range at {
		e.TouchPoints = append(e.TouchPoints, &input.TouchPoint{X: a.x, Y: a.y})
	}
	p.do(command(input.DispatchTouchEvent, e))
}
