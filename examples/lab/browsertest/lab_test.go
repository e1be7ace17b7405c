// Package browsertest drives the page of examples/lab in a real browser: clicks, keys, drags by mouse and
// by finger, a phone. It is a module of its own, so that the browser's library is no dependency of users.
package browsertest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long a browser may hang before a test gives up. No test waits for it.
const patience = 2 * time.Minute

var (
	pictures = flag.String("pictures", "", "`folder` for screenshots")
	labURL   = flag.String("lab", "", "`address` of a lab that runs already, for pictures of it")
)

// What all tests share: the program's file, the address at which it runs, and a browser.
var (
	program string
	lab     string
	browser context.Context
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	chromium := findChromium()
	if chromium == "" {
		if os.Getenv("CI") != "" {
			fmt.Println("no Chromium found, and CI is set: install Debian's package chromium")
			return 1
		}
		fmt.Println("SKIP: no Chromium found; install it (Debian: apt install chromium) to run these tests")
		return 0
	}
	dir, err := os.MkdirTemp("", "labtest")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	if program, err = build(dir); err != nil {
		fmt.Println(err)
		return 1
	}
	lab = strings.TrimSuffix(*labURL, "/")
	if lab == "" {
		address, stop, err := startLab(dir, "-blocks", "9", "-width", "4", "-epochs", "1")
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer stop()
		lab = address
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(),
		append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(chromium), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))...,
	)
	defer cancel()
	browser, cancel = chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		fmt.Println("the browser does not start:", err)
		return 1
	}
	return m.Run()
}

func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// build returns the file of the program under test.
func build(dir string) (string, error) {
	file := filepath.Join(dir, "lab")
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Dir = ".." // another module
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the lab: %w\n%s", err, text)
	}
	return file, nil
}

// startLab starts the program and returns its address. The net, which it trains first, is kept in dir.
func startLab(dir string, flags ...string) (address string, stop func(), err error) {
	cmd := exec.Command(program, append(flags, "-addr", "127.0.0.1:0")...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		address = regexp.MustCompile(`http://[^ /]+`).FindString(lines.Text())
	}
	if address == "" {
		stop()
		return "", nil, fmt.Errorf("the lab begins without its address: %s", lines.Text())
	}
	go io.Copy(io.Discard, out) // the program must not block on its output
	return address, stop, nil
}

// view is what a test sees the page on.
type view struct {
	width, height int64
	touch         bool
}

var (
	desk  = view{width: 1280, height: 900}
	phone = view{width: 390, height: 844, touch: true}
)

// tab is one page in the browser.
type tab struct {
	*testing.T
	ctx      context.Context
	mu       sync.Mutex
	problems []string // uncaught exceptions, and what the browser logs as an error
}

// newTab opens a tab.
func newTab(t *testing.T, v view) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	p := &tab{T: t, ctx: ctx}
	require.NoError(t, chromedp.Listen(ctx, p.hear))
	options := []chromedp.EmulateViewportOption{}
	if v.touch {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
	}
	p.do(chromedp.EmulateViewport(v.width, v.height, options...), command(log.Enable, cdp.Empty{}))
	return p
}

// open shows the lab in a new tab, with a plan if there is one. The test fails if the page logs an error.
func open(t *testing.T, v view, plan string, first ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	p := newTab(t, v)
	p.do(first...)
	address := lab + "/"
	if plan != "" {
		address += "#" + plan
	}
	p.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("#lab")))
	p.settle()
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		require.Empty(t, p.problems, "what the browser complains about")
	})
	return p
}

func (p *tab) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, fmt.Sprintf("%s: %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		// A refused plan is an answer with an error status, which the browser logs by itself.
		if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.URL, "/api/plan") {
			p.problems = append(p.problems, e.Entry.Text)
		}
	}
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	require.NoError(p, chromedp.Do(p.ctx, actions...))
}

// command is an action that sends a command of the protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// settle waits until the result shown is that of the plan shown and no card moves any more.
func (p *tab) settle() {
	p.Helper()
	p.until(`document.querySelector("#readout").dataset.plan === [...document.querySelectorAll("#stages li")]
		.map((li) => (li.classList.contains("deleted") ? "-" : "") + li.dataset.block).join(",") && document.getAnimations().length === 0`)
}

// until waits until a JavaScript expression is true. chromedp.Poll cannot: it evaluates text inside the page, which
// the page's Content-Security-Policy forbids.
func (p *tab) until(condition string) {
	p.Helper()
	for !value[bool](p, condition) {
		p.do(chromedp.Sleep(20 * time.Millisecond))
	}
}

// value evaluates a JavaScript expression.
func value[V any](p *tab, expression string) V {
	p.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[V](expression))
	require.NoError(p, err)
	return v
}

// plan returns the plan that is shown, once its result is.
func (p *tab) plan() string {
	p.Helper()
	p.settle()
	return value[string](p, `document.querySelector("#readout").dataset.plan`)
}

func (p *tab) text(selector string) string {
	p.Helper()
	return value[string](p, fmt.Sprintf("document.querySelector(%q).textContent", selector))
}

// name is what the lab calls the n-th block of a net with three in each stage.
func name(n int) string { return fmt.Sprintf("layer%d.%d", (n-1)/3+1, (n-1)%3) }

// named writes a plan by the names of its blocks, of which numbers gives the places: "1 -2 3".
func named(numbers string) string {
	return strings.ReplaceAll(regexp.MustCompile(`\d`).ReplaceAllStringFunc(numbers, func(n string) string { return name(int(n[0] - '0')) }), " ", ",")
}

// card is the selector of a block's first card.
func card(block int) string { return fmt.Sprintf(`#stages li[data-block="%s"] .body`, name(block)) }

// measured asks the lab itself for the accuracy of a plan, as the page shows it.
func measured(t *testing.T, plan string) string {
	t.Helper()
	residual, _ := measuredBoth(t, plan)
	return residual
}

// measuredBoth asks for the accuracies of the residual and of the plain net.
func measuredBoth(t *testing.T, plan string) (residual, plain string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"plan": plan})
	require.NoError(t, err)
	response, err := http.Post(lab+"/api/plan", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	var result struct {
		Accuracy float64
		Plain    struct{ Accuracy float64 }
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&result))
	shown := func(share float64) string { return fmt.Sprintf("%.1f\u00a0%%", 100*share) } // a space that does not break
	return shown(result.Accuracy), shown(result.Plain.Accuracy)
}

// picture saves what the tab shows, all of it, if pictures are wanted.
func (p *tab) picture(name string) {
	p.Helper()
	if *pictures == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(p, err)
	require.NoError(p, os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o666))
}
