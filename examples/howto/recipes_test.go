package howto

import (
	"bytes"
	"context"
	"fmt"
	stdimage "image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
	"github.com/residuum-go/residuum/weights"
)

// picture is a PNG of 40x36 pixels of about one colour.
func picture(t *testing.T, c color.NRGBA, rng *rand.Rand) []byte {
	t.Helper()
	m := stdimage.NewNRGBA(stdimage.Rect(0, 0, 40, 36))
	for i := range 40 * 36 {
		m.Set(i%40, i/40, color.NRGBA{c.R + uint8(rng.IntN(20)), c.G + uint8(rng.IntN(20)), c.B + uint8(rng.IntN(20)), 255})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

var colours = map[string]color.NRGBA{"day": {R: 200, G: 190, B: 150}, "night": {R: 10, G: 20, B: 60}}

// photographs is a folder of eight pictures of each class.
func photographs(t *testing.T) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	folder := t.TempDir()
	for class, c := range colours {
		require.NoError(t, os.Mkdir(filepath.Join(folder, class), 0o755))
		for i := range 8 {
			require.NoError(t, os.WriteFile(filepath.Join(folder, class, string(rune('a'+i))+".png"), picture(t, c, rng), 0o644))
		}
	}
	return folder
}

func newNet(t *testing.T, classes int, seed uint64) *resnet.Net {
	t.Helper()
	net, err := resnet.New(resnet.Config{Depth: 8, Width: 4, Classes: classes}, rand.New(rand.NewPCG(seed, 2)))
	require.NoError(t, err)
	return net
}

// publishedNet is the file of a net as others write it, which has one answer for all pictures.
func publishedNet(t *testing.T) (path string, class int) {
	t.Helper()
	c := resnet.ResNet18(7)
	c.Blocks, c.Width = []int{1, 1}, 4
	net, err := resnet.New(c, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	for name, p := range nn.Params(net) {
		if name == "fc.bias" {
			p.Value.Data()[3] = 1e6
		}
	}
	path = filepath.Join(t.TempDir(), "published.safetensors")
	require.NoError(t, weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(net))}))
	return path, 3
}

// inMemory reads all of a folder.
func inMemory(t *testing.T, folder *image.Folder) *data.Dataset {
	t.Helper()
	height, width, channels := folder.Size()
	set := data.Dataset{Height: height, Width: width, Channels: channels, Classes: folder.NumClasses()}
	for i := range folder.Len() {
		pixels, err := folder.Read(i, nil)
		require.NoError(t, err)
		set.Pixels, set.Labels = append(set.Pixels, pixels...), append(set.Labels, folder.Label(i))
	}
	images, err := data.New(set)
	require.NoError(t, err)
	return images
}

func TestRecipes(t *testing.T) {
	folder := photographs(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "day", "broken.png"), []byte("no picture"), 0o644))
	own := ownImages(t.Context(), folder)
	require.Equal(t, 16, own.Len())
	images, norm := inMemory(t, own), data.Norm{Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.25, 0.25, 0.25}}
	require.InDelta(t, 210, int(images.Pixels[0]), 15)

	// What somebody else has trained is of three classes.
	theirs, path := newNet(t, 3, 1), filepath.Join(t.TempDir(), "theirs.safetensors")
	require.NoError(t, theirs.Save(path, data.Card{}))
	mine := newNet(t, 3, 2)
	otherPeoplesWeights(path, mine)
	x := autograd.Const(images.Batch(images.Norm(), 0, 2).X)
	require.True(t, tensor.Equal(theirs.Forward(x).Value(), mine.Forward(x).Value()))

	published, class := publishedNet(t)
	photo := filepath.Join(t.TempDir(), "photo.png")
	require.NoError(t, os.WriteFile(photo, picture(t, colours["day"], rand.New(rand.NewPCG(5, 6))), 0o644))
	require.Equal(t, class, classifyAPhotograph(published, photo))
	fast := newNet(t, 2, 3)
	photos := tensor.Full(.5, 3, 32, 32, 3)
	require.Equal(t, tensor.ArgMax(fast.Forward(autograd.Const(photos)).Value()), classifyFast(t.Context(), fast, photos))
	require.Equal(t, classifyFast(t.Context(), fast, photos), classifyInBytes(t.Context(), fast, photos, photos))

	net, tuned := newNet(t, 2, 3), filepath.Join(t.TempDir(), "tuned.safetensors")
	loader, err := data.NewLoader(own, data.LoaderConfig{Batch: 8, Shuffle: true, Norm: norm})
	require.NoError(t, err)
	epochs := fineTune(t.Context(), path, tuned, net, loader)
	require.Less(t, epochs[len(epochs)-1].Train.Loss(), epochs[0].Train.Loss())
	file, err := weights.Load(tuned)
	require.NoError(t, err)
	for name, w := range weights.FromState(nn.State(theirs)) {
		if !strings.HasPrefix(name, "fc.") {
			require.True(t, tensor.Equal(w, file.Tensors[name]), name) // frozen, running statistics too
		}
	}

	exchanged := filepath.Join(t.TempDir(), "exchanged.onnx")
	saveAsONNX(exchanged, net)
	want := net.Forward(x).Value()
	require.True(t, tensor.AllClose(want, logitsOfAnONNXFile(exchanged, x.Value()), 1e-4, 1e-4))
	chain := blocksOfAnONNXFile(exchanged, 32, 32, 3)
	require.Equal(t, net.Len(), chain.Len())
	require.Equal(t, net.BlockName(1), chain.BlockName(1))
	require.True(t, tensor.AllClose(want, unravel.Forward(chain, x).Value(), 1e-4, 1e-4))

	rng := rand.New(rand.NewPCG(9, 9))
	listener := httptest.NewUnstartedServer(nil).Listener // on a free port
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- serveAFile(ctx, tuned, listener) }()
	ask := func(method, path string, body []byte) (int, string) {
		r, err := http.NewRequest(method, "http://"+listener.Addr().String()+path, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "image/png")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	require.Eventually(t, func() bool { code, _ := ask(http.MethodGet, "/readyz", nil); return code == http.StatusOK }, time.Minute, time.Millisecond)
	code, text := ask(http.MethodPost, "/v1/models/mine/classify", picture(t, colours["night"], rng))
	require.Equal(t, http.StatusOK, code, text)
	require.Contains(t, text, `{"model":"mine","results":[{"classes":[{"class":"`)
	stop()
	require.NoError(t, <-served)

	ensemble := keepAnEnsemble(t.Context(), images, filepath.Join(t.TempDir(), "ensemble.safetensors"))
	require.Equal(t, 5, ensemble.Len())

	found := "query,length,words,grade\n"
	for i := range 300 {
		query, match := i/10, i*7%10
		found += fmt.Sprintf("q%d,%d,%d,%d\n", query, i*13%50, match+query, match/3)
	}
	foundFile := filepath.Join(t.TempDir(), "found.csv")
	require.NoError(t, os.WriteFile(foundFile, []byte(found), 0o600))
	ranking := rankATable(t.Context(), foundFile)
	scores10 := ranking.Predict(tensor.From([]float32{5, 3, 5, 9}, 2, 2)) // of the first query
	require.Less(t, scores10.At(0, 0), scores10.At(1, 0))

	batches := []data.Batch{images.Batch(images.Norm(), 0, 16)}
	halved := gated{net}
	scores, lengths := takeApart(t.Context(), halved, batches)
	require.Len(t, scores, net.Len())
	require.NotNil(t, lengths)
	whole := unravel.Forward(halved, x).Value()
	require.False(t, tensor.AllClose(net.Forward(x).Value(), whole, 1e-3, 1e-3))
	require.True(t, tensor.Equal(whole, unravel.Module{Network: halved}.Forward(x).Value()))
}

// The page quotes the functions, whole where they are declared on their own and without their frame otherwise.
func TestThePageQuotesTheRecipes(t *testing.T) {
	page, err := os.ReadFile("../../docs/howto.md")
	require.NoError(t, err)
	source, err := os.ReadFile("recipes.go")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 14)
	for _, b := range blocks {
		require.Contains(t, string(source), b[1])
	}
}

func TestTheReadmeQuotesARecipe(t *testing.T) {
	source, err := os.ReadFile("recipes.go")
	require.NoError(t, err)
	recipe := regexp.MustCompile(`(?s)func classifyAPhotograph.*?\n}\n`).Find(source)
	require.NotNil(t, recipe)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```go\n"+string(recipe)+"```\n")
}
