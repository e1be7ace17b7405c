package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/clothes"
	"github.com/residuum-go/residuum/examples/internal/programtest"
	"github.com/residuum-go/residuum/serve"
)

func TestMain(m *testing.M) {
	programtest.Child(main)
	m.Run()
}

// process is the program in one of its own.
type process struct {
	*exec.Cmd
	t    *testing.T
	addr string
	log  chan map[string]any // what it logs, up to its end
}

// start runs the program on a free port, with this in its environment, and waits until it is ready.
func start(t *testing.T, token string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: programtest.Command(append([]string{"-listen", "127.0.0.1:0"}, args...)...), t: t, log: make(chan map[string]any, 1e5)}
	p.Env = append(p.Env, "RESIDUUM_TOKEN="+token)
	stderr, err := p.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		_ = p.Process.Kill() // if it has not ended
		for range p.log {
		}
		_ = p.Wait()
	})
	go func() {
		defer close(p.log)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			var l map[string]any
			if json.Unmarshal(lines.Bytes(), &l) != nil {
				l = map[string]any{"msg": lines.Text()}
			}
			p.log <- l
		}
	}()
	p.addr = p.logged("listening")["address"].(string)
	p.logged("model loaded")
	return p
}

// logged waits for a line of the log.
func (p *process) logged(msg string) map[string]any {
	p.t.Helper()
	var all []any
	for l := range p.log {
		if l["msg"] == msg {
			return l
		}
		all = append(all, l)
	}
	require.Fail(p.t, "the log ends without "+msg, "%v", all)
	return nil
}

// ask sends a request and returns the whole answer.
func (p *process) ask(c *http.Client, method, path, token string, body []byte) (status int, text string, err error) {
	req, err := http.NewRequest(method, "http://"+p.addr+path, bytes.NewReader(body))
	require.NoError(p.t, err)
	req.Header.Set("Content-Type", "image/png")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// sneaker is a picture of Fashion-MNIST's test images.
func sneaker(t *testing.T) []byte {
	t.Helper()
	set := fashion.Embedded().Test
	for i, class := range set.Labels {
		if fashion.Classes[class] != "Sneaker" {
			continue
		}
		m := image.NewGray(image.Rect(0, 0, set.Width, set.Height))
		for k, p := range set.Image(i) {
			m.SetGray(k%set.Width, k/set.Width, color.Gray{Y: p})
		}
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, m))
		return b.Bytes()
	}
	t.Fatal("no sneaker")
	return nil
}

// Without arguments there is a net of clothes; it has metrics.
func TestClothes(t *testing.T) {
	p := start(t, "")
	status, text, err := p.ask(http.DefaultClient, "POST", "/v1/models/clothes/classify?blocks=true", "", sneaker(t))
	require.NoError(t, err)
	require.Equal(t, 200, status, text)
	var a serve.Answer
	require.NoError(t, json.Unmarshal([]byte(text), &a))
	require.Equal(t, "clothes", a.Model)
	require.Equal(t, "Sneaker", a.Results[0].Classes[0].Class)
	require.Len(t, a.Results[0].Classes, 5)
	require.Len(t, a.Results[0].Blocks, 9)
	require.Equal(t, "layer1.0", a.Results[0].Blocks[0].Name)
	_, _, err = p.ask(http.DefaultClient, "POST", "/v1/models/clothes/classify", "", nil)
	require.NoError(t, err)

	_, text, err = p.ask(http.DefaultClient, "GET", "/metrics", "", nil)
	require.NoError(t, err)
	for _, line := range []string{
		`residuum_request_seconds_count{model="clothes",status="200"} 1`,
		`residuum_request_seconds_count{model="clothes",status="422"} 1`,
		`residuum_batch_images_sum{model="clothes"} 1`,
		`residuum_model_loads_total{model="clothes",result="ok"} 1`,
		`residuum_held 0`,
	} {
		require.Regexp(t, `(?m)^`+regexp.QuoteMeta(line)+`$`, text)
	}
	require.Regexp(t, `(?m)^residuum_run_seconds_total\{model="clothes"\} [0-9.e-]+$`, text)
}

// Files are models under their names, behind a token from a file or the environment, and are replaced while the program runs.
func TestFilesAndToken(t *testing.T) {
	dir := t.TempDir()
	file, secret := filepath.Join(dir, "first.safetensors"), filepath.Join(dir, "token")
	require.NoError(t, os.WriteFile(file, clothes.Net, 0o644))
	require.NoError(t, os.WriteFile(secret, []byte("sesame\n"), 0o600))
	for _, p := range []*process{start(t, "", "-token-file", secret, file, "other="+file), start(t, "sesame", file, "other="+file)} {
		p.logged("model loaded") // the second
		for _, model := range []string{"first", "other"} {
			path := "/v1/models/" + model + "/classify"
			status, text, err := p.ask(http.DefaultClient, "POST", path, "", sneaker(t))
			require.NoError(t, err)
			require.Equal(t, 401, status, text)
			status, text, err = p.ask(http.DefaultClient, "POST", path, "sesame", sneaker(t))
			require.NoError(t, err)
			require.Equal(t, 200, status, text)
		}
		require.NoError(t, os.WriteFile(file, []byte("broken"), 0o644))
		p.logged("model's file has changed and cannot be loaded, the old model stays")
		require.NoError(t, os.WriteFile(file, clothes.Net, 0o644))
		require.Equal(t, file, p.logged("model loaded")["file"])
	}
}

// SIGTERM under load: what the program has accepted it has answered, in whole, before it ends.
func TestSIGTERMLosesNoRequest(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process can send another one SIGTERM")
	}
	for _, keepAlive := range []bool{true, false} {
		p := start(t, "", "-drain", "100ms")
		picture := sneaker(t)
		var answers atomic.Int64
		var load sync.WaitGroup
		many := make(chan struct{})
		for range 8 {
			load.Go(func() {
				c := &http.Client{Transport: &http.Transport{DisableKeepAlives: !keepAlive}}
				defer c.CloseIdleConnections()
				for {
					status, text, err := p.ask(c, "POST", "/v1/models/clothes/classify", "", picture)
					if err != nil {
						return // it has gone
					}
					if status != 200 {
						t.Errorf("status %d: %s", status, text)
						return
					}
					if answers.Add(1) == 500 {
						close(many)
					}
				}
			})
		}
		<-many
		require.NoError(t, p.Process.Signal(syscall.SIGTERM))
		load.Wait()
		require.EqualValues(t, answers.Load(), p.logged("stopped")["answered"])
		require.NoError(t, p.Wait())
	}
}

func TestWhatCannotBe(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, []byte(" \n"), 0o600))
	for _, c := range []struct {
		status int
		args   []string
		says   string
	}{
		{1, []string{filepath.Join(dir, "none.pth")}, "no such file"},
		{1, []string{"-token-file", empty}, "there is no token in this file"},
		{1, []string{"-token-file", filepath.Join(dir, "none")}, "no such file"},
		{1, []string{"-listen", "nowhere"}, "choose another address with -listen"},
		{1, []string{"a b=x.pth"}, "Config.Models is a b: want names of letters"},
		{2, []string{"-batch", "0"}, "want 1 to 1,024"},
		{2, []string{"-wait", "0s"}, "-wait 0s: want more than 0"},
		{2, []string{"-token", "sesame"}, "flag provided but not defined"},
	} {
		status, answers, notes := programtest.Run(t, nil, append([]string{"-listen", "127.0.0.1:0"}, c.args...)...)
		require.Equal(t, c.status, status, notes)
		require.Empty(t, answers)
		require.Contains(t, notes, c.says, fmt.Sprint(c.args))
	}
}
