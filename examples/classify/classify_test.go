package main

import (
	"bytes"
	"encoding/json"
	stdimage "image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/examples/internal/classifier"
	"github.com/residuum-go/residuum/examples/internal/clothes"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/programtest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

func TestMain(m *testing.M) {
	programtest.Child(main)
	m.Run()
}

// pngOf is a picture file of the pixels of an image of one channel or three.
func pngOf(t *testing.T, m *image.Image) []byte {
	t.Helper()
	p := stdimage.NewNRGBA(stdimage.Rect(0, 0, m.Width, m.Height))
	for i := range m.Width * m.Height {
		c := m.Pixels[i*m.Channels : (i+1)*m.Channels]
		p.Set(i%m.Width, i/m.Width, color.NRGBA{c[0], c[len(c)/2], c[len(c)-1], 255})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, p))
	return b.Bytes()
}

func write(t *testing.T, content []byte, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, content, 0o644))
	return file
}

func lines(t *testing.T, answers string) (all []line) {
	t.Helper()
	for text := range strings.Lines(answers) {
		var l line
		require.NoError(t, json.Unmarshal([]byte(text), &l), text)
		all = append(all, l)
	}
	return all
}

// What is shipped is as good as docs/ops.md says, up to the rounding of an instruction set.
func TestTheShippedNet(t *testing.T) {
	m, err := classifier.Open(classifier.Options{})
	require.NoError(t, err)
	require.Less(t, len(clothes.Net), 500_000)
	score, err := train.Evaluate(t.Context(), m.Net, fashion.Embedded().Test.Batches(m.Card.Norm, 250))
	require.NoError(t, err)
	require.InDelta(t, 0.9009999999999999, score.Accuracy(), 0.002)
	require.Equal(t, fashion.Classes[:], m.Card.Classes)
}

func TestWithoutArguments(t *testing.T) {
	status, answers, notes := programtest.Run(t, nil)
	require.Zero(t, status, notes)
	table := strings.Split(strings.TrimSpace(answers), "\n")
	require.Len(t, table, 1+10*5+1)
	require.Equal(t, "picture                    probability  class", table[0])
	require.Regexp(t, `^test image 0: Sneaker      +\d+\.\d\d %  Sneaker$`, table[1+7*5])
	require.Regexp(t, `^ +\d\.\d\d %  \S`, table[2+7*5])
	require.Regexp(t, `^\d+ of 10 are what their labels say$`, table[51])
	require.Contains(t, notes, "net: the one in this program, which knows clothes: preactivation net of [3 3 3] blocks")
	require.Contains(t, notes, "pictures: shorter side to 28 pixels (bilinear), 28x28 from the middle")
}

// Files, folders and standard input are one picture here, and have the answer that the image has in the library.
func TestFilesFoldersAndStdin(t *testing.T) {
	dir, set := t.TempDir(), fashion.Embedded().Test
	var files []string
	for i := range 3 {
		m := &image.Image{Pixels: set.Image(i), Height: 28, Width: 28, Channels: 1}
		files = append(files, write(t, pngOf(t, m), dir, "deep", "deeper", string(rune('a'+i))+".PNG"))
	}
	write(t, []byte("hidden"), dir, "deep", ".cache", "thumb.png")
	write(t, []byte("not a picture"), dir, "deep", "README.txt")
	first, err := os.ReadFile(files[0])
	require.NoError(t, err)

	status, answers, notes := programtest.Run(t, first, "-json", "-top", "2", "-batch", "2", files[1], "-", filepath.Join(dir, "deep"))
	require.Zero(t, status, notes)
	got := lines(t, answers)
	require.Len(t, got, 5)
	for row, i := range []int{1, 0, 0, 1, 2} {
		m, err := classifier.Open(classifier.Options{})
		require.NoError(t, err)
		p := tensor.Softmax(nil, m.Net.Forward(autograd.Const(set.Batch(m.Card.Norm, i, i+1).X)).Value())
		want := m.Card.Top(p.Data(), 2)
		require.Len(t, got[row].Classes, 2)
		for k, l := range got[row].Classes {
			require.Equal(t, want[k].Class, l.Class)
			require.InDelta(t, want[k].Probability, l.Probability, 1e-6) // a batch of one adds up in another order
		}
		require.Empty(t, got[row].Error)
		if row == 1 {
			require.Equal(t, "standard input", got[row].Picture)
		} else {
			require.Equal(t, files[i], got[row].Picture)
		}
	}
}

// What cannot be read is named, and the others are classified all the same.
func TestBrokenPictures(t *testing.T) {
	dir := t.TempDir()
	good := write(t, pngOf(t, image.New(40, 30, 3)), dir, "good.png")
	whole, err := os.ReadFile(good)
	require.NoError(t, err)
	cut := write(t, whole[:len(whole)-30], dir, "cut.png")
	empty := write(t, nil, dir, "empty.jpg")
	text := write(t, []byte("no picture at all"), dir, "text.gif")
	missing := filepath.Join(dir, "missing.png")
	folder := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(folder, 0o755))

	status, answers, notes := programtest.Run(t, []byte("\xff\xd8 and nothing more"), "-top", "1", missing, cut, good, empty, text, folder, "-")
	require.Equal(t, 1, status)
	require.Len(t, strings.Split(strings.TrimSpace(answers), "\n"), 2, answers)
	require.Contains(t, answers, "\n"+good)
	for _, name := range []string{missing, cut, empty, text, folder, "standard input"} {
		require.Regexp(t, `(?m)^classify: .*`+regexp.QuoteMeta(name)+`: `, notes)
	}
	require.Contains(t, notes, "no picture in this folder")
	require.Contains(t, notes, "\nclassify: 6 of 7 pictures could not be classified\n")

	status, answers, _ = programtest.Run(t, nil, "-json", missing, good)
	require.Equal(t, 1, status)
	got := lines(t, answers)
	require.Len(t, got, 2)
	require.Contains(t, got[0].Error, "no such file")
	require.Empty(t, got[0].Classes)
	require.Len(t, got[1].Classes, 5)
}

// tiny is an untrained net for images of 32x32 in colour.
func tiny(t *testing.T, cfg resnet.Config) *resnet.Net {
	t.Helper()
	cfg.Kind, cfg.Classes = resnet.Original, 3
	if cfg.Blocks == nil {
		cfg.Blocks, cfg.Width = []int{1, 1}, 4
	}
	net, err := resnet.New(cfg, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	return net
}

// foreign writes a net's tensors alone, as other libraries do.
func foreign(t *testing.T, net *resnet.Net) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "theirs.safetensors")
	require.NoError(t, weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(net))}))
	return path
}

func photograph(t *testing.T) (string, *image.Image) {
	t.Helper()
	rng, m := rand.New(rand.NewPCG(3, 4)), image.New(300, 260, 3)
	for i := range m.Pixels {
		m.Pixels[i] = uint8(rng.IntN(256))
	}
	return write(t, pngOf(t, m), t.TempDir(), "photo.png"), m
}

// A file of somebody else's, with names of the classes from a file: what was assumed is said, and the numbers are those of
// the preset.
func TestANetOfSomebodyElse(t *testing.T) {
	net := tiny(t, resnet.Config{StemSize: 7, StemStride: 2, StemPool: true})
	path, m := photograph(t)
	classes := write(t, []byte("cat\r\ndog\r\nhorse \r\n\r\n"), t.TempDir(), "classes.txt")
	for preset, says := range map[string]string{
		"":                     "as of IMAGENET1K_V1, which is assumed: -preset names another",
		"resnet50.a3_in1k":     "shorter side to 168 pixels (bicubic), 160x160 from the middle",
		"IMAGENET1K_V2":        "shorter side to 232 pixels (bilinear), 224x224 from the middle",
		"resnetv2_50.a1h_in1k": "normalised by mean [0.5 0.5 0.5]",
	} {
		status, answers, notes := programtest.Run(t, nil, "-json", "-net", foreign(t, net), "-classes", classes, "-preset", preset, path)
		require.Zero(t, status, notes)
		require.Contains(t, notes, "original net of [1 1] blocks")
		require.Contains(t, notes, "assumed: a stem of stride 2")
		require.Contains(t, notes, says)
		if preset == "" {
			preset = "IMAGENET1K_V1"
		}
		p, err := image.PresetOf(preset)
		require.NoError(t, err)
		want := tensor.Softmax(nil, net.Forward(autograd.Const(p.Tensor(m))).Value())
		got := lines(t, answers)
		require.Len(t, got, 1)
		require.Len(t, got[0].Classes, 3)
		for _, l := range got[0].Classes {
			require.Equal(t, want.Data()[l.Index], l.Probability)
			require.Equal(t, []string{"cat", "dog", "horse"}[l.Index], l.Class)
		}
	}
}

// A net of 1000 classes is taken for one of ImageNet; another net's classes are numbered.
func TestNamesThatAFileLacks(t *testing.T) {
	path, _ := photograph(t)
	for classes, want := range map[int]struct{ name, note string }{
		1000: {"paper towel", "classes: ImageNet's, which is assumed of 1000"},
		10:   {"class 9", "classes: 10 without names"},
	} {
		net, err := tiny(t, resnet.Config{}).WithClasses(classes, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		for name, p := range nn.Params(net) {
			if name == "fc.bias" {
				p.Value.Data()[min(classes-1, 700)] = 1e6
			}
		}
		status, answers, notes := programtest.Run(t, nil, "-json", "-top", "1", "-net", foreign(t, net), path)
		require.Zero(t, status, notes)
		require.Equal(t, want.name, lines(t, answers)[0].Classes[0].Class)
		require.Contains(t, notes, want.note)
	}
}

// An ONNX file is a net like another, whatever size of batches it was exported for.
func TestNetOfAnONNXFile(t *testing.T) {
	path, m := photograph(t)
	file := filepath.Join("..", "..", "weights", "onnx", "testdata", "tiny_new.onnx")
	status, answers, notes := programtest.Run(t, nil, "-json", "-net", file, path, path, path)
	require.Zero(t, status, notes)
	require.Contains(t, notes, "images of 16x16x3, 5 classes")

	net, err := onnx.Load(file)
	require.NoError(t, err)
	usual, err := image.PresetOf("IMAGENET1K_V1")
	require.NoError(t, err)
	x := image.Preset{Resize: 16, Crop: 16, Norm: usual.Norm}.Tensor(m)
	rows := max(net.InputShape()[0], 1)
	p := tensor.Softmax(nil, net.Forward(autograd.Const(tensor.BroadcastTo(nil, x, rows, 16, 16, 3))).Value()).Data()
	require.Len(t, lines(t, answers), 3)
	for _, a := range lines(t, answers) {
		require.Len(t, a.Classes, 5)
		for _, l := range a.Classes {
			require.InDelta(t, p[l.Index], l.Probability, 1e-6)
		}
	}
}

// A file that describes itself needs no flags, and is taken at its word.
func TestAFileWithACard(t *testing.T) {
	net, card := tiny(t, resnet.Config{}), data.Card{Classes: []string{"a", "b", "c"}, Norm: data.Norm{Mean: []float32{0, 0.5, 1}, Std: []float32{1, 2, 3}}}
	file := filepath.Join(t.TempDir(), "ours.safetensors")
	require.NoError(t, net.Save(file, card))
	path, m := photograph(t)
	status, answers, notes := programtest.Run(t, nil, "-json", "-net", file, path)
	require.Zero(t, status, notes)
	require.Contains(t, notes, "normalised by mean [0 0.5 1], deviation [1 2 3]; as the file says")
	want := image.Preset{Resize: 32, Crop: 32, Norm: card.Norm}.Tensor(m)
	p := tensor.Softmax(nil, net.Forward(autograd.Const(want)).Value())
	for _, l := range lines(t, answers)[0].Classes {
		require.Equal(t, p.Data()[l.Index], l.Probability)
		require.Equal(t, card.Class(l.Index), l.Class)
	}
}

// A preset in the file is taken, but for another in a flag.
func TestAFileWithAPreset(t *testing.T) {
	net, card := tiny(t, resnet.Config{StemSize: 7, StemStride: 2, StemPool: true}), data.Card{Preset: "resnet50.a3_in1k"}
	file := filepath.Join(t.TempDir(), "ours.safetensors")
	require.NoError(t, net.Save(file, card))
	path, _ := photograph(t)
	_, _, notes := programtest.Run(t, nil, "-net", file, path)
	require.Contains(t, notes, "168 pixels (bicubic), 160x160 from the middle")
	require.Contains(t, notes, "as of resnet50.a3_in1k")
	_, _, notes = programtest.Run(t, nil, "-net", file, "-preset", "IMAGENET1K_V1", path)
	require.Contains(t, notes, "256 pixels (bilinear), 224x224 from the middle")
}

// A net whose logits are no numbers is found out picture by picture.
func TestANetWithoutNumbers(t *testing.T) {
	net := tiny(t, resnet.Config{})
	for name, p := range nn.Params(net) {
		if name == "fc.bias" {
			p.Value.Data()[1] = float32(math.NaN())
		}
	}
	path, _ := photograph(t)
	status, answers, notes := programtest.Run(t, nil, "-net", foreign(t, net), path)
	require.Equal(t, 1, status)
	require.Empty(t, answers)
	require.Contains(t, notes, path+": the net gives no numbers for it")
}

func TestWhatCannotBe(t *testing.T) {
	path, _ := photograph(t)
	colour, dir := foreign(t, tiny(t, resnet.Config{})), t.TempDir()
	grey := foreign(t, tiny(t, resnet.Config{Image: resnet.Shape{Height: 28, Width: 28, Channels: 1}}))
	unknown := filepath.Join(dir, "unknown.safetensors")
	require.NoError(t, weights.Save(unknown, &weights.File{Tensors: map[string]*tensor.Tensor{"transformer.wte": tensor.New(2, 3)}}))
	for _, c := range []struct {
		status int
		args   []string
		says   string
	}{
		{1, []string{"-net", filepath.Join(dir, "none.pth"), path}, "none.pth: no such file or directory"},
		{1, []string{"-net", path, path}, "photo.png: not a valid file of weights"},
		{1, []string{"-net", unknown, path}, "not a net of this package: it has no layer1.0, the first block, but transformer.wte"},
		{1, []string{"-net", colour}, "want pictures for this net"},
		{1, []string{"-net", colour, "-preset", "resnet50.none", path}, `no preset for "resnet50.none"`},
		{1, []string{"-net", grey, "-preset", "IMAGENET1K_V1", path}, "preset IMAGENET1K_V1 is for colours, the net takes grey images"},
		{1, []string{"-net", colour, "-classes", write(t, []byte("cat\ndog\n"), dir, "two"), path}, "has the names of 2 classes, the net has 3"},
		{1, []string{"-net", colour, "-classes", write(t, []byte("cat\n\ndog"), dir, "gap"), path}, "gap: line 2 is empty: want a name"},
		{1, []string{"-net", colour, "-classes", filepath.Join(dir, "none"), path}, "no such file"},
		{1, []string{"-train", filepath.Join(dir, "nowhere", "x")}, "classify: write " + filepath.Join(dir, "nowhere", "x") + ": new file in folder"}, // and not after training
		{2, []string{path, "-json"}, "-json behind " + path + ": flags come first"},
		{2, []string{"-top", "0", path}, "want 1 to 1,000,000"},
		{2, []string{"-train", filepath.Join(dir, "x"), path}, "-train takes no pictures"},
	} {
		status, answers, notes := programtest.Run(t, nil, c.args...)
		require.Equal(t, c.status, status, notes)
		require.Empty(t, answers)
		require.Contains(t, notes, c.says)
	}
}

// The training that made the shipped file writes a file that -net takes, the same one for the same seed.
func TestTrainFashion(t *testing.T) {
	images := fashion.Embedded()
	few := fashion.Split{Train: images.Train.Select([]int{0, 1, 2, 3, 4, 5, 6, 7}), Test: images.Test.Select([]int{0, 1})}
	dir := t.TempDir()
	var notes bytes.Buffer
	var files [2][]byte
	for i := range files {
		path := filepath.Join(dir, string(rune('a'+i)))
		require.NoError(t, trainFashion(t.Context(), few, config{epochs: 1, seed: 7}, path, program.NewOutput(&notes)))
		var err error
		files[i], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	require.Equal(t, files[0], files[1])
	require.Contains(t, notes.String(), "epoch 1: ")
	status, answers, said := programtest.Run(t, nil, "-net", filepath.Join(dir, "a"), "-top", "1")
	require.Zero(t, status, said)
	require.Contains(t, answers, "of 10 are what their labels say")
}
