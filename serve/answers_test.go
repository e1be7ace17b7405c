package serve

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// expected is what a net says of an input.
func expected(net *resnet.Net, x []float32) []data.Likely {
	p := tensor.Softmax(nil, net.Forward(autograd.Const(tensor.From(x, 1, side, side, 3))).Value())
	return data.Card{Classes: []string{"cat", "dog", "horse"}}.Top(p.Data(), 5)
}

func requireClasses(t testing.TB, want, got []data.Likely) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		require.Equal(t, w.Class, got[i].Class)
		require.Equal(t, w.Index, got[i].Index)
		require.InDelta(t, w.Probability, got[i].Probability, 1e-5)
	}
}

func parts(t testing.TB, files map[string][]byte) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, file := range files {
		p, err := w.CreateFormFile("pictures", name)
		require.NoError(t, err)
		_, err = p.Write(file)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.Bytes()
}

// One picture or several, raw, in parts or in JSON, have the classes that the net has without a server.
func TestClassify(t *testing.T) {
	net := tiny(t, resnet.PreActivation, 1)
	s := loaded(t, Config{Models: []Source{source(net)}})
	a, xa := pngOf(t, 1)
	b, xb := pngOf(t, 2)

	got := s.classify("", "image/png", a).results(t)
	require.Len(t, got, 1)
	requireClasses(t, expected(net, xa), got[0].Classes)
	require.Empty(t, got[0].Blocks)

	kind, body := parts(t, map[string][]byte{"a.png": a, "b.png": b, "c.txt": []byte("no picture")})
	got = s.classify("?top=1", kind, body).results(t)
	require.Len(t, got, 3)
	for _, r := range got {
		switch r.Name {
		case "a.png":
			requireClasses(t, expected(net, xa)[:1], r.Classes)
		case "b.png":
			requireClasses(t, expected(net, xb)[:1], r.Classes)
		case "c.txt":
			require.Empty(t, r.Classes)
			require.Contains(t, r.Error, "not a valid picture")
		default:
			t.Fatal(r.Name)
		}
	}

	body, err := json.Marshal(map[string][][]byte{"images": {b, a}})
	require.NoError(t, err)
	got = s.classify("", "application/json; charset=utf-8", body).results(t)
	require.Len(t, got, 2)
	requireClasses(t, expected(net, xb), got[0].Classes)
	requireClasses(t, expected(net, xa), got[1].Classes)
}

// A block's part is what the probability of the likeliest class loses without it, by the net's own methods.
func TestBlocks(t *testing.T) {
	net := tiny(t, resnet.Original, 1)
	s := loaded(t, Config{Models: []Source{source(net)}})
	file, x := pngOf(t, 4)
	got := s.classify("?blocks=true", "image/png", file).results(t)[0]
	require.Len(t, got.Blocks, net.Len())
	top := got.Classes[0]
	for deleted, b := range got.Blocks {
		y := net.Stem(autograd.Const(tensor.From(x, 1, side, side, 3)))
		for i := range net.Len() {
			if skip := net.Skip(i, y); i == deleted {
				y = net.Join(i, skip, nil)
			} else {
				y = net.Join(i, skip, net.Branch(i, y))
			}
		}
		without := tensor.Softmax(nil, net.Head(y).Value()).Data()[top.Index]
		require.Equal(t, net.BlockName(deleted), b.Name)
		require.InDelta(t, without, b.Without, 1e-5)
		require.InDelta(t, top.Probability-without, b.Lost, 1e-5)
	}

	plain := loaded(t, Config{Models: []Source{source(tiny(t, resnet.Plain, 1))}})
	refused := plain.classify("?blocks=true", "image/png", file)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.reason(t), "no residual blocks")
	require.Contains(t, string(plain.get("/v1/models").body), `"blocks":0`)
}

// wrapped hides that a net is one of package resnet.
type wrapped struct{ nn.Module }

// Blocks of a net that does not say where they are come from its graph.
func TestBlocksOfAGraph(t *testing.T) {
	net := tiny(t, resnet.Original, 1)
	both := Config{Models: []Source{source(net), {Name: "wrapped", Load: func() (*Model, error) {
		m := model(net)
		m.Net = wrapped{net}
		return m, nil
	}}}}
	s := loaded(t, both)
	file, _ := pngOf(t, 5)
	want := s.classify("?blocks=1", "image/png", file).results(t)[0]
	got := s.send("POST", "/v1/models/wrapped/classify?blocks=1", "image/png", bytes.NewReader(file)).results(t)[0]
	require.Len(t, got.Blocks, len(want.Blocks))
	for i, b := range want.Blocks {
		require.InDelta(t, b.Without, got.Blocks[i].Without, 1e-5)
	}
}

// Raw numbers in, raw numbers out.
func TestLogits(t *testing.T) {
	net := tiny(t, resnet.PreActivation, 1)
	s := loaded(t, Config{Models: []Source{source(net)}})
	_, a := pngOf(t, 1)
	_, b := pngOf(t, 2)
	x := append(a, b...)
	body, err := binary.Append(nil, binary.LittleEndian, x)
	require.NoError(t, err)
	r := s.send("POST", "/v1/models/tiny/logits", "application/octet-stream", bytes.NewReader(body))
	require.NoError(t, r.err)
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	require.Equal(t, "application/octet-stream", r.header.Get("Content-Type"))
	got := make([]float32, 2*3)
	require.Len(t, r.body, 4*len(got))
	_, err = binary.Decode(r.body, binary.LittleEndian, got)
	require.NoError(t, err)
	require.InDeltaSlice(t, net.Forward(autograd.Const(tensor.From(x, 2, side, side, 3))).Value().Data(), got, 1e-4)
}

// Whoever asks at the same time gets the answer to its own question.
func TestManyAtOnce(t *testing.T) {
	net := tiny(t, resnet.PreActivation, 1)
	s := loaded(t, Config{Models: []Source{source(net)}, Batch: 5})
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			file, x := pngOf(t, uint64(i))
			for range 10 {
				requireClasses(t, expected(net, x), s.classify("", "image/png", file).results(t)[0].Classes)
			}
		})
	}
	all.Wait()
	require.Zero(t, s.Held())
}
