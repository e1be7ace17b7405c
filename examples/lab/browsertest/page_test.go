package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

var whole = named("1 2 3 4 5 6 7 8 9") // three blocks in each of three stages

func TestClickDeletesAndBringsBack(t *testing.T) {
	p := open(t, desk, "")
	require.Equal(t, whole, p.plan())
	require.Equal(t, measured(t, whole), p.text("#accuracy"))
	require.Equal(t, "whole net", p.text("#change"))
	require.Empty(t, value[string](p, "location.hash"))

	p.click(card(2))
	require.Equal(t, named("1 -2 3 4 5 6 7 8 9"), p.plan())
	require.Equal(t, "#"+named("1 -2 3 4 5 6 7 8 9"), value[string](p, "location.hash"))
	require.Equal(t, measured(t, named("1 -2 3 4 5 6 7 8 9")), p.text("#accuracy"))
	require.Equal(t, "256, mean length 4", p.text("#paths"))
	require.Equal(t, "true", value[string](p, fmt.Sprintf("document.querySelector(%q).ariaPressed", card(2))))
	require.Contains(t, p.text("#live"), "layer1.1 deleted. Accuracy "+p.text("#accuracy"))
	require.Regexp(t, `^\d+ ms: accuracy \d+, gradient \d+$`, p.text("#timing"))
	require.Contains(t, p.text("#chart-paths .caption"), "8 blocks make 2^8 paths of mean length 4, in the whole net 4.5")
	require.Equal(t, 9, value[int](p, `document.querySelectorAll("#chart-paths rect.now").length`))
	require.Equal(t, 9, value[int](p, `document.querySelectorAll("#chart-gradient rect.now").length`))
	require.Equal(t, 10, value[int](p, `document.querySelectorAll("#chart-classes circle.dot").length`))

	p.click(card(2))
	require.Equal(t, whole, p.plan())
	require.Equal(t, measured(t, whole), p.text("#accuracy"))
}

func TestPlusRepeatsAndDeletingTakesOneOut(t *testing.T) {
	p := open(t, desk, "")
	p.click(`#stages li[data-block="layer2.1"] .again`)
	require.Equal(t, named("1 2 3 4 5 5 6 7 8 9"), p.plan())
	require.Equal(t, measured(t, named("1 2 3 4 5 5 6 7 8 9")), p.text("#accuracy"))
	require.Contains(t, p.text("#stages li.copy .note"), "2nd run")
	p.click("#stages li.copy .body")
	require.Equal(t, whole, p.plan())
	require.Equal(t, 2, value[int](p, `document.querySelectorAll("#stages .again[hidden]").length`), "layer2.0 and layer3.0 change the shape")
}

func TestMouseDragsACard(t *testing.T) {
	p := open(t, desk, "")
	from, to := p.middle(card(1)), p.middle(card(3))
	p.mouseDrag(from, point{to.x + 20, to.y}, func() {
		require.Equal(t, 1, value[int](p, `document.querySelectorAll(".stage.open").length`), "stages where it fits")
		require.False(t, value[bool](p, `document.querySelector(".mark").hidden`))
	})
	require.Equal(t, named("2 3 1 4 5 6 7 8 9"), p.plan(), "a drag is no click as well: nothing is deleted")
	require.Equal(t, measured(t, named("2 3 1 4 5 6 7 8 9")), p.text("#accuracy"))

	p.click(card(1))
	require.Equal(t, named("2 3 -1 4 5 6 7 8 9"), p.plan(), "the click after a drag counts")
	p.mouseDrag(p.middle(card(8)), p.middle(card(8)).right(8), nil)
	require.Equal(t, named("2 3 -1 4 5 6 7 8 9"), p.plan(), "dropped where it was")
}

func TestFingerDragsACard(t *testing.T) {
	p := open(t, phone, "")
	to := p.middle(card(3))
	p.touchDrag(p.middle(card(1)), point{to.x + 20, to.y})
	require.Equal(t, named("2 3 1 4 5 6 7 8 9"), p.plan())
	require.Equal(t, measured(t, named("2 3 1 4 5 6 7 8 9")), p.text("#accuracy"))
	p.do(chromedp.Tap(chromedp.CSS(card(1))))
	require.Equal(t, named("2 3 -1 4 5 6 7 8 9"), p.plan(), "a tap deletes")
}

func TestFingerThatRestsDragsInAnyDirection(t *testing.T) {
	p := open(t, phone, named("1 1 1 2 2 2 3 4 5 6 7 8 9")) // more cards than a row holds
	from, to := p.middle(card(1)), p.middle(card(3))
	require.Greater(t, to.y, from.y+50)
	before := value[float64](p, "scrollY")
	p.touch(input.DispatchTouchEventTypeTouchStart, from)
	p.until(`document.querySelector(".dragged") !== null`)
	p.touchMove(from, to.right(20))
	p.touch(input.DispatchTouchEventTypeTouchEnd)
	require.Equal(t, named("1 1 2 2 2 3 1 4 5 6 7 8 9"), p.plan())
	require.Equal(t, before, value[float64](p, "scrollY"), "the page stays where it is")
}

func TestFingerScrollsThePage(t *testing.T) {
	p := open(t, phone, "")
	from := p.middle(card(5))
	p.touchDrag(from, point{from.x, from.y - 200})
	p.until("scrollY > 0")
	require.Equal(t, whole, p.plan())
}

func TestKeyboard(t *testing.T) {
	p := open(t, desk, "")
	p.do(chromedp.Focus(chromedp.CSS(card(1))))
	key := func(keys string, options ...chromedp.KeyOption) string {
		t.Helper()
		p.do(chromedp.KeyEvent(keys, options...))
		return p.plan()
	}
	alt := chromedp.KeyModifiers(chromedp.ModifierAlt)
	focused := func() string { return value[string](p, `document.activeElement.ariaLabel`) }

	key(kb.ArrowRight)
	require.Equal(t, "layer1.1, runs, place 2 of 9", focused())
	require.Equal(t, named("1 -2 3 4 5 6 7 8 9"), key(kb.Delete))
	require.Equal(t, "layer1.1, deleted, place 2 of 9", focused(), "the focus stays")
	require.Equal(t, whole, key("\r"), "Enter brings it back")
	require.Equal(t, named("1 3 2 4 5 6 7 8 9"), key(kb.ArrowRight, alt))
	require.Equal(t, "layer1.1, runs, place 3 of 9", focused(), "the focus goes with the block")
	require.Equal(t, named("1 3 2 2 4 5 6 7 8 9"), key("r"))
	require.Equal(t, named("1 3 2 4 5 6 7 8 9"), key("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	require.Equal(t, named("1 3 2 4 5 6 7 8 9"), key(kb.ArrowRight, alt), "layer2.0 changes the shape")
	p.until(`!document.querySelector("#alert").hidden`)
	require.Contains(t, p.text("#alert"), "This cannot run: layer1.1 reads 14×14×4, but layer2.0 before it gives 7×7×8.")
	key(kb.End)
	require.Equal(t, "layer3.2, runs, place 9 of 9", focused())
	require.Equal(t, 1, value[int](p, `document.querySelectorAll("#stages .body[tabindex='0']").length`), "Tab reaches the board once")
}

func TestDroppingWhereItDoesNotFitSaysWhy(t *testing.T) {
	p := open(t, desk, "")
	p.mouseDrag(p.middle(card(2)), p.middle(card(5)).right(10), func() {
		require.True(t, value[bool](p, `document.querySelector(".mark").classList.contains("misfit")`))
		p.picture("misfit")
	})
	p.until(`!document.querySelector("#alert").hidden`)
	require.Contains(t, p.text("#alert"), "This cannot run: layer1.1 reads 14×14×4, but layer2.1 before it gives 7×7×8.")
	require.Equal(t, whole, p.plan(), "nothing has changed")
	p.picture("error")
	p.click("#alert-close")
	require.True(t, value[bool](p, `document.querySelector("#alert").hidden`))
}

func TestLinksHoldThePlan(t *testing.T) {
	p := open(t, desk, named("3 1 1 -2 4 5 6 7 -8 9"))
	require.Equal(t, named("3 1 1 -2 4 5 6 7 -8 9"), p.plan())
	require.Equal(t, measured(t, named("3 1 1 -2 4 5 6 7 -8 9")), p.text("#accuracy"))
	p.do(chromedp.Evaluate[chromedp.Void](`location.hash = "#` + named("1 -2 3 4 5 6 7 8 9") + `"; 0`))
	p.until(`document.querySelector("#readout").dataset.plan === "` + named("1 -2 3 4 5 6 7 8 9") + `"`)
}

func TestLinksThatCannotRunSayWhy(t *testing.T) {
	for plan, want := range map[string]string{
		named("1 2 5 3 4 6 7 8 9"):              "layer2.1 reads 7×7×8, but layer1.1 before it gives 14×14×4.",
		"layer1.0,layer1.77":                    `step 2: there is no block "layer1.77": the net has layer1.0 to layer3.2.`,
		"<img src=x onerror=alert(1)>":          "there is no block ",
		strings.Repeat("layer1.0,", 20) + whole: "29 steps are too many: at most 18.",
	} {
		p := open(t, desk, plan)
		p.until(`!document.querySelector("#alert").hidden`)
		require.Contains(t, p.text("#alert"), "The link's plan cannot run: ")
		require.Contains(t, p.text("#alert"), want)
		require.Equal(t, whole, p.plan())
	}
}

func TestUndoResetReverseAndRandom(t *testing.T) {
	p := open(t, desk, "")
	undoable := func() bool { return !value[bool](p, `document.querySelector("#undo").disabled`) }
	require.False(t, undoable(), "nothing is done")
	p.click(`[data-stage="2"] .reverse`)
	require.Equal(t, named("1 2 3 4 6 5 7 8 9"), p.plan(), "layer2.0 has to stay in front")
	p.click(`[data-stage="1"] .reverse`)
	require.Equal(t, named("3 2 1 4 6 5 7 8 9"), p.plan())
	p.click("#undo")
	require.Equal(t, named("1 2 3 4 6 5 7 8 9"), p.plan())
	p.do(chromedp.SetValue(chromedp.CSS("#random-count"), "4"))
	p.click("#random button")
	require.Equal(t, 4, strings.Count(p.plan(), "-"))
	p.click("#reset")
	require.Equal(t, whole, p.plan())
	require.True(t, value[bool](p, `document.querySelector("#reset").disabled`))
	p.click("#undo")
	require.Equal(t, 4, strings.Count(p.plan(), "-"), "a reset can be undone")
	for range 2 {
		require.True(t, undoable())
		p.click("#undo")
	}
	require.Equal(t, whole, p.plan())
	require.False(t, undoable(), "all is undone")
	p.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	require.Equal(t, whole, p.plan())

	p = open(t, desk, named("1 -2 3 4 5 6 7 8 9"))
	require.Equal(t, named("1 -2 3 4 5 6 7 8 9"), p.plan())
	require.False(t, undoable(), "a link is where one begins")
}

// Whoever clicks faster than the lab computes sees the result of the last click.
func TestTheNewestPlanWins(t *testing.T) {
	p := open(t, desk, "")
	for _, block := range []int{2, 3, 5, 6, 8, 9, 3} {
		p.click(card(block))
	}
	require.Equal(t, named("1 -2 3 4 -5 -6 7 -8 -9"), p.plan())
	require.Equal(t, measured(t, named("1 -2 3 4 -5 -6 7 -8 -9")), p.text("#accuracy"))
	require.True(t, value[bool](p, `document.querySelector("#alert").hidden`))
}

func TestImagesShowTheirProbabilities(t *testing.T) {
	p := open(t, desk, named("1 -2 3 4 5 6 7 8 9"))
	p.until(`[...document.images].filter((i) => i.complete && i.naturalWidth === 28).length === 30`)
	p.click("#images button:nth-child(19)")
	require.Equal(t, "One image: Bag", p.text("#chart-image h2"))
	require.Equal(t, 1, value[int](p, `document.querySelectorAll("#images [aria-pressed=true]").length`))
	require.Equal(t, 10, value[int](p, `document.querySelectorAll("#chart-image rect.now").length`))
}

func TestPagesFitTheScreen(t *testing.T) {
	for _, v := range []view{desk, phone, {width: 320, height: 600, touch: true}, {width: 768, height: 1024, touch: true}} {
		p := open(t, v, named("1 -2 3 3 3 4 5 6 7 8 9 9"))
		require.LessOrEqual(t, value[int64](p, "document.scrollingElement.scrollWidth"), v.width, "width %d", v.width)
		// 24 pixels is what WCAG 2.2 asks of a target, success criterion 2.5.8.
		require.Empty(t, value[[]string](p, `[...document.querySelectorAll("button, input, summary")].filter((b) => {
			const r = b.getBoundingClientRect();
			return r.width > 0 && (r.width < 24 || r.height < 24);
		}).map((b) => b.textContent || b.id)`), "targets that are too small, width %d", v.width)
		require.Empty(t, value[[]string](p, `[...document.querySelectorAll("button, input")].filter((b) =>
			!(b.ariaLabel || b.textContent.trim() || b.labels?.length || b.querySelector("img[alt]"))).map((b) => b.outerHTML)`), "controls without a name")
		require.Empty(t, value[[]string](p, `[...document.querySelectorAll("figure svg text")].filter((text) => {
			const r = text.getBoundingClientRect(), f = text.closest("figure").getBoundingClientRect();
			return r.left < f.left || r.right > f.right;
		}).map((text) => text.textContent)`), "text that sticks out of its figure, width %d", v.width)
		p.picture(fmt.Sprintf("width-%d", v.width))
	}
}

func TestDarkAndWithoutMotion(t *testing.T) {
	brightness := func(features ...*emulation.MediaFeature) (ground, ink int, p *tab) {
		p = open(t, desk, named("1 -2 3 3 4 5 6 7 8 9"), command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}))
		of := func(property string) int {
			return value[int](p, fmt.Sprintf(`getComputedStyle(document.body).%s.match(/\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)`, property))
		}
		return of("backgroundColor"), of("color"), p
	}
	ground, ink, _ := brightness()
	require.Greater(t, ground, 700)
	require.Less(t, ink, 150)
	ground, ink, p := brightness(&emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"}, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"})
	require.Less(t, ground, 100)
	require.Greater(t, ink, 600)
	p.picture("dark")

	p.click(`[data-stage="1"] .reverse`)
	require.Zero(t, value[int](p, "document.getAnimations().length"), "nothing moves")
	p.plan()
}

func TestTrainingIsShown(t *testing.T) {
	address, stop, err := startLab(t.TempDir(), "-epochs", "1000")
	require.NoError(t, err)
	defer stop()
	p := newTab(t, desk)
	p.do(chromedp.Navigate(address))
	p.until(`/^The residual net, epoch 1 of 1000: [\d.]+\u00a0% of the training images right\. [\d,]+ (s|min) left\.$/.test(document.querySelector("#training-text").textContent)`)
	p.until(`document.querySelector("#training-bar").value > 0`)
	p.picture("training")
}

func TestProgramThatEndsIsNoticed(t *testing.T) {
	address, stop, err := startLab(t.TempDir(), "-blocks", "3", "-width", "1", "-epochs", "1")
	require.NoError(t, err)
	defer stop()
	p := newTab(t, desk)
	p.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("#lab")))
	p.click("#tour-do")
	p.until(`document.querySelector("#tour-do").hidden`)
	require.Regexp(t, `^Without layer2\.0 the residual net .*, the plain net .*\.$`, p.text("#tour p"), "all that a net of three blocks offers")
	stop()
	p.click(`#stages li[data-block="layer1.0"] .body`)
	p.until(`document.querySelector("#alert").textContent.includes("The lab does not answer: has the program ended?")`)
	p.picture("ended")
}

// TestReadmePicture draws docs/images/lab.png of a lab that runs with its defaults.
func TestReadmePicture(t *testing.T) {
	if *labURL == "" || *pictures == "" {
		t.Skip("wants -lab and -pictures")
	}
	var plan []string
	for i := range 27 {
		plan = append(plan, fmt.Sprintf("layer%d.%d", i/9+1, i%9))
	}
	plan[4], plan[22] = "-"+plan[4], "-"+plan[22]
	plan[11], plan[12] = plan[12], plan[11]
	plan = slices.Insert(plan, 15, plan[14])
	p := open(t, view{width: 1400, height: 1280}, strings.Join(plan, ","))
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot()) // what fits the window
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(*pictures, "lab.png"), png, 0o666))
}
