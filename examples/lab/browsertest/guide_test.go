package browsertest

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func TestThePlainNetIsBeside(t *testing.T) {
	p := open(t, desk, "")
	residual, plain := measuredBoth(t, whole)
	require.Equal(t, plain, p.text("#plain-accuracy"))
	require.Equal(t, "whole net", p.text("#plain-change"))
	require.Equal(t, residual+", plain "+plain, p.text("#whole"))
	p.click(card(5))
	_, plain = measuredBoth(t, p.plan())
	require.Equal(t, plain, p.text("#plain-accuracy"))
	require.Regexp(t, `^([+−][\d.]+ points|no change)$`, p.text("#plain-change"))
	require.Contains(t, p.text("#live"), "; plain net "+plain+".")
	require.Contains(t, value[string](p, `document.querySelector("#plain-meter").ariaLabel`), "Accuracy "+plain)
}

func TestStemSkipsAndHeadAreDrawn(t *testing.T) {
	for _, v := range []view{desk, phone} {
		p := open(t, v, named("1 -2 3 4 5 6 7 8 9"))
		// shown counts the elements that are there to be seen.
		shown := func(selector string) int {
			return value[int](p, fmt.Sprintf(`[...document.querySelectorAll(%q)].filter((e) => e.getClientRects().length && getComputedStyle(e).visibility === "visible").length`, selector))
		}
		require.Equal(t, 1, shown(`[data-stage="1"] .begin [data-term=stem]`))
		require.Equal(t, 1, shown(`[data-stage="3"] .end:not(.begin) [data-term=head]`))
		require.Equal(t, 2, shown("#stages .term"))
		require.Equal(t, 9, shown("#stages .skip"), "a skip past each block, deleted or not")
		for _, part := range []string{".fork", ".join", ".sum"} {
			require.Equal(t, 8, shown("#stages "+part), "and the way through those that are left")
		}
		require.Equal(t, []string{"layer2.0", "layer3.0"}, value[[]string](p, `[...document.querySelectorAll("#stages li")].filter((li) =>
			getComputedStyle(li.querySelector(".skip")).borderTopStyle === "dashed").map((li) => li.dataset.block)`), "skips that lose pixels")
		require.Empty(t, value[[]string](p, `[...document.querySelectorAll("#stages li")].filter((li) => {
			const skip = li.querySelector(".skip").getBoundingClientRect(), cell = li.getBoundingClientRect(), card = li.querySelector(".card").getBoundingClientRect();
			return skip.left !== cell.left || skip.right !== cell.right || skip.bottom >= card.top;
		}).map((li) => li.dataset.block)`), "skips that do not go past their block")
		require.Empty(t, value[[]string](p, `[...document.querySelectorAll("#stages .name")].filter((n) => n.scrollWidth > n.clientWidth).map((n) => n.textContent)`), "names that are cut")
	}
}

func TestOneClickDoesTheFirstExperiment(t *testing.T) {
	p := open(t, desk, named("3 2 1 4 5 6 7 8 9"))
	require.Equal(t, "First experiment", p.text("#tour h3"))
	require.Equal(t, "Delete layer2.1", p.text("#tour-do"))
	p.click("#tour-do")
	require.Equal(t, named("1 2 3 4 -5 6 7 8 9"), p.plan(), "of the whole net")
	outcome := func() string { p.plan(); return p.text("#tour p") }
	change := func(element string) string {
		text := p.text(element)
		if text == "no change" {
			return "loses nothing"
		}
		return regexp.MustCompile(`^(.)([\d.]+ points)$`).ReplaceAllStringFunc(text, func(s string) string {
			if s[0] == '+' {
				return "gains " + s[1:]
			}
			return "loses " + s[len("−"):]
		})
	}
	require.Contains(t, outcome(), "Without layer2.1 the residual net "+change("#change")+", the plain net "+change("#plain-change")+".")
	require.Equal(t, "Next experiment", p.text("#tour h3"))

	p.do(chromedp.Focus(chromedp.CSS("#tour-do")), chromedp.KeyEvent("\r"))
	require.Equal(t, named("1 2 3 -4 5 6 7 8 9"), p.plan(), "by keyboard")
	require.Contains(t, outcome(), "Without layer2.0 the residual net "+change("#change"))
	p.click("#tour-do")
	require.Equal(t, named("1 2 3 4 5 6 7 9 8"), p.plan())
	require.Contains(t, outcome(), "With layer3 backwards the residual net "+change("#change"))
	require.True(t, value[bool](p, `document.querySelector("#tour-do").hidden`), "that was the last")
	p.click("#undo")
	require.Equal(t, named("1 2 3 -4 5 6 7 8 9"), p.plan(), "an experiment can be undone")

	p = open(t, phone, "")
	p.do(chromedp.Tap(chromedp.CSS("#tour-do")))
	require.Equal(t, named("1 2 3 4 -5 6 7 8 9"), p.plan(), "by finger")
	p.do(chromedp.Tap(chromedp.CSS("#tour-close")))
	require.True(t, value[bool](p, `document.querySelector("#tour").hidden`))
}

const (
	tipShown  = `!document.querySelector("#tip").hidden`
	tipHidden = `document.querySelector("#tip").hidden`
)

func TestTermsAreExplained(t *testing.T) {
	p := open(t, desk, "")
	about := func() string { return p.text("#tip") }
	over := func(at point) { p.do(chromedp.MouseEvent(chromedp.MouseMoved, at.x, at.y)) }
	require.True(t, value[bool](p, tipHidden))

	over(p.middle(`#board-title [data-term="skip"]`))
	p.until(tipShown)
	require.Contains(t, about(), "past it to the sum")
	require.Equal(t, "tip", value[string](p, `document.querySelector('#board-title [data-term="skip"] button, #board-title button[data-term="skip"]').getAttribute("aria-describedby")`))
	over(p.middle("#tip"))
	require.True(t, value[bool](p, tipShown), "the mouse may go over to what it reads")
	p.picture("term")
	over(p.middle("h1"))
	p.until(tipHidden)

	over(p.middle(".begin .term"))
	p.until(tipShown)
	require.Contains(t, about(), "The first convolution")
	p.do(chromedp.KeyEvent(kb.Escape))
	require.True(t, value[bool](p, tipHidden), "Escape")

	p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); scrollTo(0, 0); 0`), chromedp.KeyEvent(kb.Tab))
	require.True(t, value[bool](p, tipShown), "by keyboard")
	require.Contains(t, about(), "each of which adds to what it is given")
	p.do(chromedp.KeyEvent(kb.Tab))
	require.Contains(t, about(), "without skips")
	p.do(chromedp.Focus(chromedp.CSS("#link")))
	require.True(t, value[bool](p, tipHidden))
}

func TestAFingerGetsTermsExplained(t *testing.T) {
	p := open(t, phone, "")
	for _, selector := range []string{`header button[data-term="plain net"]`, ".end:not(.begin) .term", `#chart-gradient .term`, `#readout button[data-term="paths"]`} {
		p.middle(selector)
		p.do(chromedp.Tap(chromedp.CSS(selector)))
		require.True(t, value[bool](p, tipShown), selector)
		require.NotEmpty(t, p.text("#tip"))
		require.True(t, value[bool](p, `(() => {
			const r = document.querySelector("#tip").getBoundingClientRect();
			return r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight;
		})()`), "on the screen: %s", selector)
		p.do(chromedp.Tap(chromedp.CSS(selector)))
		require.True(t, value[bool](p, tipHidden), "a second tap")
	}
	require.Equal(t, whole, p.plan(), "no tap was an edit")
}

// Each term on the page has a meaning, and each meaning a term.
func TestNoTermIsWithoutMeaning(t *testing.T) {
	p := open(t, desk, "")
	terms := value[[]string](p, `[...new Set([...document.querySelectorAll("button.term")].map((b) => b.dataset.term))]`)
	require.Len(t, terms, 12)
	for _, term := range terms {
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector('button.term[data-term="%s"]').click(); 0`, term)))
		require.NotContains(t, []string{"", "undefined"}, p.text("#tip"), term)
	}
}
