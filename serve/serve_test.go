package serve

import (
	"bytes"
	"context"
	"encoding/json"
	stdimage "image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/resnet"
)

const side = 8

// tiny is an untrained net of three residual blocks for images of 8x8 in colour, or one of another kind.
func tiny(t testing.TB, kind resnet.Kind, seed uint64) *resnet.Net {
	t.Helper()
	net, err := resnet.New(resnet.Config{Kind: kind, Blocks: []int{1, 2}, Width: 4, Classes: 3, Image: resnet.Shape{Height: side, Width: side, Channels: 3}},
		rand.New(rand.NewPCG(seed, 2)))
	require.NoError(t, err)
	return net
}

// resized is the net's input of a picture.
func resized(dst []float32, m *image.Image) {
	data.Norm{}.Apply(dst, m.Resize(side, side, image.Bilinear).Pixels, 3)
}

func model(net *resnet.Net) *Model {
	return &Model{Net: net, H: side, W: side, C: 3, Classes: []string{"cat", "dog", "horse"}, Input: resized}
}

func source(net *resnet.Net) Source {
	return Source{Name: "tiny", Load: func() (*Model, error) { return model(net), nil }}
}

// picture returns a PNG, and the net's input of it.
func pngOf(t testing.TB, seed uint64) ([]byte, []float32) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	p := stdimage.NewNRGBA(stdimage.Rect(0, 0, 11, 9))
	for i := range 11 * 9 {
		p.Set(i%11, i/11, color.NRGBA{uint8(rng.Uint32()), uint8(rng.Uint32()), uint8(rng.Uint32()), 255})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, p))
	m, err := image.Decode(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	x := make([]float32, side*side*3)
	resized(x, m)
	return b.Bytes(), x
}

// running is a server on a port of its own.
type running struct {
	*Server
	t    *testing.T
	addr string
	stop context.CancelFunc
	done chan error // what Serve returns
}

// start serves until the test ends.
func start(t *testing.T, cfg Config) *running {
	t.Helper()
	if cfg.Drain == 0 {
		cfg.Drain = time.Millisecond
	}
	s, err := New(cfg)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	r := &running{s, t, l.Addr().String(), stop, make(chan error, 1)}
	var all sync.WaitGroup
	all.Go(func() { r.done <- s.Serve(ctx, l) })
	t.Cleanup(func() { stop(); all.Wait() })
	return r
}

// loaded is start, and waits until the server is ready.
func loaded(t *testing.T, cfg Config) *running {
	t.Helper()
	r := start(t, cfg)
	require.Eventually(t, func() bool { return r.get("/readyz").status == http.StatusOK }, time.Minute, time.Millisecond)
	return r
}

// reply is an answer that has come in whole.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (r *running) send(method, path, kind string, body io.Reader, headers ...string) reply {
	req, err := http.NewRequest(method, "http://"+r.addr+path, body)
	if err != nil {
		return reply{err: err}
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, text, err}
}

func (r *running) get(path string) reply { return r.send("GET", path, "", nil) }

func (r *running) classify(query, kind string, body []byte) reply {
	return r.send("POST", "/v1/models/tiny/classify"+query, kind, bytes.NewReader(body))
}

// later sends a picture from a goroutine.
func (r *running) later(file []byte) chan reply {
	c := make(chan reply, 1)
	go func() { c <- r.classify("", "image/png", file) }()
	return c
}

// results are those of an answer with status 200.
func (r reply) results(t testing.TB) []Result {
	t.Helper()
	require.NoError(t, r.err)
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	var a Answer
	require.NoError(t, json.Unmarshal(r.body, &a))
	return a.Results
}

// reason is the error of an answer that refuses.
func (r reply) reason(t testing.TB) string {
	t.Helper()
	require.NoError(t, r.err)
	var e map[string]string
	require.NoError(t, json.Unmarshal(r.body, &e), string(r.body))
	require.NotEmpty(t, e["error"])
	return e["error"]
}

// gate is a source whose inputs wait until it is opened.
type gate struct {
	came chan struct{} // a token for each that waits
	open chan struct{}
}

func gated(net *resnet.Net) (Source, *gate) {
	g := &gate{make(chan struct{}, 1000), make(chan struct{})}
	return Source{Name: "tiny", Load: func() (*Model, error) {
		m := model(net)
		m.Input = func(dst []float32, p *image.Image) {
			g.came <- struct{}{}
			<-g.open
			resized(dst, p)
		}
		return m, nil
	}}, g
}
