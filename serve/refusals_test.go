package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	stdimage "image"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
)

func TestRefusals(t *testing.T) {
	s := loaded(t, Config{Models: []Source{source(tiny(t, resnet.PreActivation, 1))}, Body: 1 << 14, Pixels: 1000, Queue: 10})
	file, _ := pngOf(t, 1)
	var large bytes.Buffer
	require.NoError(t, png.Encode(&large, stdimage.NewGray(stdimage.Rect(0, 0, 1001, 1))))
	many, err := json.Marshal(map[string][][]byte{"images": make([][]byte, 11)})
	require.NoError(t, err)
	files := map[string][]byte{}
	for i := range 11 {
		files[fmt.Sprint(i)] = file
	}
	partsKind, manyParts := parts(t, files)
	classify, logits := "/v1/models/tiny/classify", "/v1/models/tiny/logits"
	for _, c := range []struct {
		method, path, kind string
		body               []byte
		status             int
		says               string
	}{
		{"POST", classify, "image/png", file[:len(file)-20], 422, "not a valid picture"},
		{"POST", classify, "image/png", nil, 422, "not a valid picture"},
		{"POST", classify, "image/png", large.Bytes(), 413, "1001x1 pixels: at most 1000"},
		{"POST", classify, "image/png", make([]byte, 1<<14+1), 413, "more than 16384 bytes"},
		{"POST", classify, "text/plain", file, 415, "want Content-Type"},
		{"POST", classify, "", file, 415, "want Content-Type"},
		{"POST", classify, "multipart/form-data", file, 415, "want Content-Type"},
		{"POST", classify, "multipart/form-data; boundary=x", file, 400, "cannot be read"},
		{"POST", classify, "multipart/form-data; boundary=x", []byte("--x--\r\n"), 400, "no picture"},
		{"POST", classify, partsKind, manyParts, 413, "11 images in a request: at most 10"},
		{"POST", classify, "application/json", []byte(`{"images": ["!"]}`), 400, "base64"},
		{"POST", classify, "application/json", []byte(`{"images": []}`), 400, "no picture"},
		{"POST", classify, "application/json", []byte(`{"pictures": []}`), 400, "pictures"},
		{"POST", classify, "application/json", []byte(`{"images": []} {}`), 400, "more than one value"},
		{"POST", classify, "application/json", []byte(`{"images": ["aGk="]}`), 422, "not a valid picture"},
		{"POST", classify, "application/json", many, 413, "11 images in a request: at most 10"},
		{"POST", classify + "?top=0", "image/png", file, 400, "want a number from 1"},
		{"POST", classify + "?top=x", "image/png", file, 400, "want a number from 1"},
		{"POST", classify + "?blocks=perhaps", "image/png", file, 400, "want true or false"},
		{"POST", logits, "image/png", file, 415, "application/octet-stream"},
		{"POST", logits, "application/octet-stream", nil, 400, "multiple of 768"},
		{"POST", logits, "application/octet-stream", make([]byte, 767), 400, "multiple of 768"},
		{"POST", logits, "application/octet-stream", make([]byte, 11*768), 413, "11 images"},
		{"POST", "/v1/models/none/classify", "image/png", file, 404, `no model "none"`},
		{"GET", classify, "", nil, 405, "want POST"},
		{"PUT", "/v1/models", "", nil, 405, "want GET"},
		{"GET", "/v2", "", nil, 404, "nothing at"},
		{"GET", "/metrics", "", nil, 404, "nothing at"},
	} {
		r := s.send(c.method, c.path, c.kind, bytes.NewReader(c.body))
		require.Contains(t, r.reason(t), c.says)
		require.Equal(t, c.status, r.status, string(r.body))
		if c.status == 405 {
			require.Contains(t, c.says, r.header.Get("Allow"))
		}
	}
	r := s.send("POST", classify, "image/png", bytes.NewReader(file), "Origin", "http://elsewhere.example")
	require.Equal(t, 403, r.status)
	s.classify("", "image/png", file).results(t)
	require.Zero(t, s.Held())
}

func TestToken(t *testing.T) {
	told := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "told") })
	s := loaded(t, Config{Models: []Source{source(tiny(t, resnet.PreActivation, 1))}, Token: "sesame", Metrics: told})
	for _, path := range []string{"/v1/models", "/metrics"} {
		for _, header := range []string{"", "Bearer ", "Bearer sesam", "sesame", "Basic sesame"} {
			r := s.send("GET", path, "", nil, "Authorization", header)
			require.Equal(t, 401, r.status, header)
			require.Equal(t, "Bearer", r.header.Get("WWW-Authenticate"))
			require.NotContains(t, string(r.body), "told")
		}
		require.Equal(t, 200, s.send("GET", path, "", nil, "Authorization", "Bearer sesame").status)
	}
	file, _ := pngOf(t, 1)
	require.Equal(t, 401, s.classify("", "image/png", file).status)
	for _, path := range []string{"/", "/healthz", "/readyz"} {
		require.Equal(t, 200, s.get(path).status)
	}
}

// A request too many is told when to come again, and those that were accepted are answered.
func TestQueueFull(t *testing.T) {
	src, g := gated(tiny(t, resnet.PreActivation, 1))
	s := loaded(t, Config{Models: []Source{src}, Queue: 3})
	file, _ := pngOf(t, 1)
	accepted := []chan reply{s.later(file), s.later(file), s.later(file)}
	require.Eventually(t, func() bool { return s.Held() == 3 }, time.Minute, time.Millisecond)
	for range 5 {
		r := s.classify("", "image/png", file)
		require.Equal(t, 503, r.status)
		require.Equal(t, "1", r.header.Get("Retry-After"))
		require.Contains(t, r.reason(t), "too many")
	}
	require.Equal(t, 200, s.get("/readyz").status)
	close(g.open)
	for _, c := range accepted {
		(<-c).results(t)
	}
	require.Zero(t, s.Held())
	kind, body := parts(t, map[string][]byte{"a": file, "b": file, "c": file})
	require.Len(t, s.classify("", kind, body).results(t), 3)
}

// Who waits longer than the server lets it is told so, and holds nothing.
func TestTimeout(t *testing.T) {
	src, g := gated(tiny(t, resnet.PreActivation, 1))
	s := loaded(t, Config{Models: []Source{src}, Timeout: 100 * time.Millisecond})
	file, _ := pngOf(t, 1)
	var blocked []chan reply
	for range runtime.GOMAXPROCS(0) {
		blocked = append(blocked, s.later(file))
		<-g.came
	}
	r := s.classify("", "image/png", file) // there is no slot to decode it
	require.Equal(t, 503, r.status)
	require.Equal(t, "1", r.header.Get("Retry-After"))
	close(g.open)
	for _, c := range blocked {
		<-c
	}
	require.Eventually(t, func() bool { return s.Held() == 0 }, time.Minute, time.Millisecond)
}

// A net whose outputs are no numbers is no fault of the server's.
func TestNoNumbers(t *testing.T) {
	net := tiny(t, resnet.PreActivation, 1)
	for name, p := range nn.Params(net) {
		if name == "fc.bias" {
			p.Value.Data()[1] = float32(math.NaN())
		}
	}
	s := loaded(t, Config{Models: []Source{source(net)}})
	file, _ := pngOf(t, 1)
	r := s.classify("", "image/png", file)
	require.Equal(t, 422, r.status)
	require.Contains(t, r.reason(t), "no numbers")
}

// Bytes that are no HTTP, half requests, and clients that go away in the middle leave the server as it was.
func TestHostileClients(t *testing.T) {
	src, g := gated(tiny(t, resnet.PreActivation, 1))
	s := loaded(t, Config{Models: []Source{src}, Timeout: 2 * time.Second})
	rng := rand.New(rand.NewPCG(1, 1))
	dial := func() net.Conn {
		c, err := net.Dial("tcp", s.addr)
		require.NoError(t, err)
		return c
	}
	for range 20 {
		c := dial()
		rubbish := make([]byte, 1+rng.IntN(2000))
		for i := range rubbish {
			rubbish[i] = byte(rng.Uint32())
		}
		_, _ = c.Write(rubbish)
		require.NoError(t, c.Close())
	}
	file, _ := pngOf(t, 1)
	head := fmt.Sprintf("POST /v1/models/tiny/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n", len(file))

	slow := dial() // sends half and then nothing
	defer slow.Close()
	_, err := io.WriteString(slow, head+string(file[:len(file)/2]))
	require.NoError(t, err)

	half := dial()
	_, err = io.WriteString(half, head+string(file[:len(file)/2]))
	require.NoError(t, err)
	require.NoError(t, half.Close())

	killed := dial() // has sent all and does not wait for the answer
	_, err = io.WriteString(killed, head+string(file))
	require.NoError(t, err)
	<-g.came
	require.NoError(t, killed.Close())

	close(g.open)
	s.classify("", "image/png", file).results(t)
	text, err := io.ReadAll(slow)
	require.NoError(t, err)
	require.Contains(t, string(text), "HTTP/1.1 408 ")
	require.Eventually(t, func() bool { return s.Held() == 0 }, time.Minute, time.Millisecond)
}

func TestConfigErrors(t *testing.T) {
	src := source(tiny(t, resnet.PreActivation, 1))
	named := func(name string) Source { s := src; s.Name = name; return s }
	for want, c := range map[string]Config{
		"serve: Config.Models is 0: want one at least":                                 {},
		"serve: Config.Batch is -1: want at least 0":                                   {Models: []Source{src}, Batch: -1},
		"serve: Config.Timeout is -1s: want at least 0":                                {Models: []Source{src}, Timeout: -time.Second},
		"serve: Config.Models is tiny: two have this name":                             {Models: []Source{src, src}},
		"serve: Config.Models is a/b: want names of letters, digits, '.', '_' and '-'": {Models: []Source{named("a/b")}},
		"serve: Config.Models is ..: want names of letters, digits, '.', '_' and '-'":  {Models: []Source{named("..")}},
		"serve: Config.Models is x: it has no Load":                                    {Models: []Source{{Name: "x"}}},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
		require.ErrorAs(t, err, new(*residuum.ConfigError))
	}
}

// No body makes the handler panic or answer what it should not.
func FuzzClassify(f *testing.F) {
	file, _ := pngOf(f, 1)
	partsKind, body := parts(f, map[string][]byte{"a": file})
	f.Add("image/png", file)
	f.Add(partsKind, body)
	f.Add("application/json", []byte(`{"images": ["aGk=", ""]}`))
	f.Add("multipart/form-data; boundary=", []byte("--\r\n\r\n--"))
	s, err := New(Config{Models: []Source{source(tiny(f, resnet.PreActivation, 1))}, Body: 1 << 16, Pixels: 1 << 16})
	require.NoError(f, err)
	require.NoError(f, s.Load())
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r := httptest.NewRequest("POST", "/v1/models/tiny/classify?top=2", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Contains(t, []int{200, 400, 413, 415, 422}, w.Code, w.Body.String())
		require.True(t, json.Valid(w.Body.Bytes()))
		require.Equal(t, w.Code != 200, strings.HasPrefix(w.Body.String(), `{"error":`))
		require.Zero(t, s.Held())
	})
}
