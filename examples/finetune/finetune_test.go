package main

import (
	"bufio"
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/examples/internal/programtest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

func TestMain(m *testing.M) {
	programtest.Child(main)
	m.Run()
}

// folders are train and val with so many pictures of each kind.
func folders(t *testing.T, each int) (learn, examine string) {
	t.Helper()
	dir, images := t.TempDir(), fashion.Embedded()
	learn, examine = filepath.Join(dir, "train"), filepath.Join(dir, "val")
	require.NoError(t, writeFolder(learn, images.Train, each))
	require.NoError(t, writeFolder(examine, images.Test, each))
	return learn, examine
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return b
}

// Stopped in the middle and resumed it writes the bits that it writes in one go, and what it writes loads with its names.
func TestStoppedAndResumed(t *testing.T) {
	learn, examine := folders(t, 8)
	whole, parts := t.TempDir(), t.TempDir()
	flags := func(out string, more ...string) []string {
		return append([]string{"-train", learn, "-val", examine, "-epochs", "12", "-batch", "4", "-augment", "rand", "-out", out}, more...)
	}
	status, answers, notes := programtest.Run(t, nil, flags(whole)...)
	require.Zero(t, status, notes)
	require.Regexp(t, `(?m)^shoe +8 +\d+\.\d %`, answers)
	require.Regexp(t, `(?m)^all +40 +\d+\.\d %`, answers)

	cmd := programtest.Command(flags(parts)...)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var said strings.Builder
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "epoch 2:") {
			require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		}
	}
	require.Error(t, cmd.Wait())
	require.Contains(t, said.String(), "-resume goes on")
	require.NotContains(t, said.String(), "epoch 12:")

	status, _, notes = programtest.Run(t, nil, flags(parts)...)
	require.Equal(t, 1, status)
	require.Contains(t, notes, "last.safetensors is of a run that has not ended: -resume goes on with it")

	status, again, notes := programtest.Run(t, nil, flags(parts, "-resume")...)
	require.Zero(t, status, notes)
	require.Equal(t, strings.Split(answers, "written")[0], strings.Split(again, "written")[0])
	for _, name := range []string{tuned, "curves.svg", "confusion.svg", "curves.png", "confusion.png"} {
		require.Equal(t, read(t, whole, name), read(t, parts, name), name)
	}
	net, card, err := resnet.Load(filepath.Join(parts, tuned))
	require.NoError(t, err)
	require.Equal(t, []string{"bag", "dress", "shoe", "top", "trousers"}, card.Classes)
	require.Equal(t, 5, net.Config().Classes)
}

// A net as others write it, in colours; what is frozen stays as it was.
func TestANetOfSomebodyElse(t *testing.T) {
	learn, examine := folders(t, 4)
	net, err := resnet.New(resnet.Config{Kind: resnet.Original, Blocks: []int{1, 1}, Width: 4, Classes: 7}, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	path, out := filepath.Join(t.TempDir(), "theirs.safetensors"), t.TempDir()
	require.NoError(t, weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(net))}))
	status, _, notes := programtest.Run(t, nil, "-net", path, "-train", learn, "-val", examine, "-epochs", "2", "-freeze", "1", "-out", out)
	require.Zero(t, status, notes)
	require.Contains(t, notes, "  assumed: ")
	after, err := weights.Load(filepath.Join(out, tuned))
	require.NoError(t, err)
	for name, w := range weights.FromState(nn.State(net)) {
		frozen := strings.HasPrefix(name, "conv1") || strings.HasPrefix(name, "bn1") || strings.HasPrefix(name, "layer1")
		require.Equal(t, frozen, tensor.Equal(w, after.Tensors[name]), name)
	}
}

// A grey net of somebody else takes pictures of its size, without the colours of ImageNet.
func TestAGreyNetOfSomebodyElse(t *testing.T) {
	net, err := resnet.New(resnet.Config{
		Kind: resnet.Original, Blocks: []int{1}, Width: 4, Classes: 3, StemSize: 7, StemStride: 2, StemPool: true,
		Image: resnet.Shape{Height: 224, Width: 224, Channels: 1},
	}, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	net, card, err := resnet.FromFile(&weights.File{Tensors: weights.FromState(nn.State(net))})
	require.NoError(t, err)
	preset, err := prepare(net, &card, "")
	require.NoError(t, err)
	require.Equal(t, image.Preset{Resize: 224, Crop: 224}, preset)
	_, err = prepare(net, &card, "IMAGENET1K_V1")
	require.EqualError(t, err, "preset IMAGENET1K_V1 is for colours, the net takes grey images")
}

func TestUnreadablePictures(t *testing.T) {
	learn, examine := folders(t, 3)
	bad := filepath.Join(learn, "shoe", "bad.png")
	require.NoError(t, os.WriteFile(bad, []byte("no picture"), 0o644))
	whole, err := os.ReadFile(filepath.Join(examine, "bag", "001.png"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(examine, "bag", "cut.png"), whole[:len(whole)/2], 0o644))
	flags := []string{"-train", learn, "-val", examine, "-epochs", "1", "-out", t.TempDir()}
	status, answers, notes := programtest.Run(t, nil, flags...)
	require.Equal(t, 1, status)
	require.Empty(t, answers)
	require.Contains(t, notes, "cannot be read: "+learn+": image: shoe/bad.png: ")
	require.Contains(t, notes, "cannot be read: "+examine+": image: bag/cut.png: ")
	require.Contains(t, notes, "2 pictures cannot be read: mend or remove them, or leave them out by -skip-unreadable")
	require.NotContains(t, notes, "epoch", "before training")
	status, _, notes = programtest.Run(t, nil, append(flags, "-skip-unreadable")...)
	require.Zero(t, status, notes)
	require.Regexp(t, `left out: .*train: image: shoe/bad.png: `, notes)
	require.Regexp(t, `left out: .*val: image: bag/cut.png: `, notes)
}

func TestWhatCannotBe(t *testing.T) {
	learn, examine := folders(t, 2)
	one := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(one, "shoe"), os.DirFS(filepath.Join(learn, "shoe"))))
	more := filepath.Join(t.TempDir(), "more")
	require.NoError(t, os.CopyFS(more, os.DirFS(examine)))
	require.NoError(t, os.CopyFS(filepath.Join(more, "hat"), os.DirFS(filepath.Join(learn, "shoe"))))
	for _, c := range []struct {
		status int
		says   string
		args   []string
	}{
		{2, "want both of -train and -val", []string{"-train", learn}},
		{2, "want -train and -val for this net", []string{"-net", "x.pth"}},
		{2, "-augment some: want none, trivial or rand", []string{"-augment", "some"}},
		{2, "-area NaN: want more than 0", []string{"-area", "NaN"}},
		{2, "-rate -1: want a positive number", []string{"-rate", "-1"}},
		{1, "one class, shoe: want at least two", []string{"-train", one, "-val", examine}},
		{1, "folder hat is none of the 5", []string{"-train", learn, "-val", more}},
		{1, "no folder of a class", []string{"-train", t.TempDir(), "-val", examine}},
		{1, "no such file", []string{"-train", filepath.Join(one, "none"), "-val", examine}},
		{1, "no such file", []string{"-train", learn, "-val", examine, "-resume"}},
		{1, "preset IMAGENET1K_V1 is for colours", []string{"-train", learn, "-val", examine, "-preset", "IMAGENET1K_V1"}},
	} {
		status, answers, notes := programtest.Run(t, nil, append(c.args, "-out", t.TempDir())...)
		require.Equal(t, c.status, status, notes)
		require.Empty(t, answers)
		require.Contains(t, notes, c.says)
	}
}

// The sample is 10 and 100 pictures of each kind, and its pixels are those of the set.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, finetune(t.Context(), config{sample: dir}, nil))
	for name, n := range map[string]int{"train": toLearn, "val": toExamine} {
		f, err := image.OpenFolder(t.Context(), os.DirFS(filepath.Join(dir, name)), image.FolderConfig{Preset: image.Preset{Crop: 28}})
		require.NoError(t, err)
		require.Equal(t, 5*n, f.Len())
	}
	m, err := image.Load(filepath.Join(dir, "train", "bag", "000.png"))
	require.NoError(t, err)
	set := fashion.Embedded().Train
	for i, label := range set.Labels {
		if kinds[label] == "bag" {
			for p, v := range set.Image(i) {
				require.Equal(t, 255-v, m.Pixels[3*((p%28)*28+27-p/28)])
			}
			return
		}
	}
}

// What the net has learnt before is worth much more than it costs: the shipped example in short.
func TestAHeadStart(t *testing.T) {
	if testing.Short() {
		t.Skip("trains twice")
	}
	learn, examine := folders(t, 10)
	right := func(scratch bool) float64 {
		cfg := config{train: learn, val: examine, out: t.TempDir(), epochs: 30, batch: 32, rate: 0.02, area: 0.6, seed: 1, augment: "none", scratch: scratch}
		var notes bytes.Buffer
		o := program.NewOutput(&notes)
		j, err := newJob(context.Background(), cfg, o)
		require.NoError(t, err)
		epochs, err := j.train(context.Background(), cfg, o)
		require.NoError(t, err)
		return epochs[len(epochs)-1].Valid.Accuracy()
	}
	require.Greater(t, right(false), right(true)+0.05)
}
