package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/examples/internal/clothes"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/weights"
)

func newJob(ctx context.Context, cfg config, notes *program.Output) (*job, error) {
	old, card, err := load(cfg.net)
	if err != nil {
		return nil, err
	}
	if r := old.Recognised(); r != nil {
		notes.Printf("net: %s", strings.ReplaceAll(r.String(), "\n", "\n  "))
	} else {
		notes.Printf("net: %v", old.Config())
	}
	preset, err := prepare(old, &card, cfg.preset)
	if err != nil {
		return nil, err
	}
	notes.Printf("pictures: shorter side to %d pixels, %dx%[2]d of them, mean %v, deviation %v",
		preset.Resize, preset.Crop, preset.Norm.Mean, preset.Norm.Std)
	unreadable := 0
	open := func(path string, c image.FolderConfig) (*image.Folder, error) {
		bar := notes.Bar("looking at pictures")
		c.Progress = bar.Show
		c.OnUnreadable = func(err error) error {
			unreadable++
			notes.Printf("%s: %s: %v", verdict(cfg), path, err)
			return nil
		}
		f, err := image.OpenFolder(ctx, os.DirFS(path), c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return f, nil
	}
	learn, err := open(cfg.train, image.FolderConfig{Preset: preset, Vary: vary(cfg, preset)})
	if err != nil {
		return nil, err
	}
	if learn.NumClasses() < 2 {
		return nil, fmt.Errorf("%s: one class, %s: want at least two", cfg.train, learn.Classes()[0].Name)
	}
	examine, err := open(cfg.val, image.FolderConfig{Preset: preset, Classes: learn.Classes()})
	if err != nil {
		return nil, err
	}
	if unreadable > 0 && !cfg.skip {
		return nil, fmt.Errorf("%d pictures cannot be read: mend or remove them, or leave them out by -skip-unreadable", unreadable)
	}
	notes.Printf("%d pictures to learn from, %d others, %d classes", learn.Len(), examine.Len(), learn.NumClasses())
	isGrey := old.Config().Image.Channels == 1
	j := &job{card: card, learn: pictures{learn, cfg.train, isGrey}, examine: pictures{examine, cfg.val, isGrey}}
	j.card.Classes, j.card.Norm = nil, preset.Norm
	for _, c := range learn.Classes() {
		j.card.Classes = append(j.card.Classes, c.Name)
	}
	if j.net, err = old.WithClasses(learn.NumClasses(), rand.New(rand.NewPCG(cfg.seed, 1))); err != nil {
		return nil, err
	}
	if cfg.scratch {
		if j.net, err = resnet.New(j.net.Config(), rand.New(rand.NewPCG(cfg.seed, 2))); err != nil {
			return nil, err
		}
	}
	if cfg.stages > 0 {
		nn.Freeze(j.net.Stages(min(cfg.stages, j.net.Block(j.net.Len()-1).Stage+1))...)
	}
	return j, nil
}

// verdict says what becomes of a picture that cannot be read. All are looked at before training, which takes hours; that
// costs less than the first pass over them.
func verdict(cfg config) string {
	if cfg.skip {
		return "left out"
	}
	return "cannot be read"
}

// load is resnet.Load, or without a path that of the net of clothes.
func load(path string) (*resnet.Net, data.Card, error) {
	if path != "" {
		return resnet.Load(path)
	}
	file, err := weights.Read(bytes.NewReader(clothes.Net), int64(len(clothes.Net)))
	if err != nil {
		return nil, data.Card{}, err
	}
	return resnet.FromFile(file)
}

// prepare decides how pictures become inputs: by the preset of a name, by the card, or as for most published nets.
func prepare(net *resnet.Net, card *data.Card, name string) (image.Preset, error) {
	in := net.Config().Image
	card.Preset = cmp.Or(name, card.Preset)
	if card.Preset == "" && net.Recognised() != nil && in.Height == 224 && in.Channels == 3 {
		card.Preset = "IMAGENET1K_V1"
	}
	switch {
	case in.Height != in.Width || in.Channels != 1 && in.Channels != 3:
		return image.Preset{}, fmt.Errorf("the net takes images of %v: want squares, grey or in colours", in)
	case card.Preset != "":
		p, err := image.PresetOf(card.Preset)
		if err == nil && in.Channels == 1 {
			err = fmt.Errorf("preset %s is for colours, the net takes grey images", card.Preset)
		}
		return p, err
	case net.Recognised() != nil && in.Channels == 3:
		p, err := image.PresetOf("IMAGENET1K_V1") // of its normalisation, which small nets have, too
		return image.Preset{Resize: in.Height, Crop: in.Height, Norm: p.Norm}, err
	}
	return image.Preset{Resize: in.Height, Crop: in.Height, Norm: card.Norm}, nil
}

// vary returns how pictures differ from epoch to epoch.
func vary(cfg config, p image.Preset) func(*image.Image, *rand.Rand) *image.Image {
	return func(m *image.Image, rng *rand.Rand) *image.Image {
		m = image.RandomFlip(image.RandomResizedCrop(m, p.Crop, cfg.area, p.Filter, rng), rng)
		switch cfg.augment {
		case "trivial":
			return image.TrivialAugment(m, rng)
		case "rand":
			return image.RandAugment(m, 2, 9, rng)
		}
		return m
	}
}

// pictures are those of a folder, without colours if the net is, whose errors say which folder that is.
type pictures struct {
	*image.Folder
	path   string
	isGrey bool
}

func (p pictures) Size() (height, width, channels int) {
	height, width, channels = p.Folder.Size()
	if p.isGrey {
		channels = 1
	}
	return height, width, channels
}

func (p pictures) Read(i int, rng *rand.Rand) ([]uint8, error) {
	pixels, err := p.Folder.Read(i, rng)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", p.path, err)
	case !p.isGrey:
		return pixels, nil
	}
	height, width, channels := p.Folder.Size()
	return (&image.Image{Pixels: pixels, Height: height, Width: width, Channels: channels}).Grey().Pixels, nil
}

func (j *job) train(ctx context.Context, cfg config, notes *program.Output) ([]train.Epoch, error) {
	loader, err := data.NewLoader(j.learn, data.LoaderConfig{Batch: cfg.batch, Shuffle: true, Norm: j.card.Norm, Seed: cfg.seed, Workers: residuum.Workers()})
	if err != nil {
		return nil, err
	}
	sgd, err := optim.NewSGD(nn.Params(j.net), optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4})
	if err != nil {
		return nil, err
	}
	bar := notes.Bar("training")
	trainer, err := train.New(j.net, loader, sgd, train.Config{
		Schedule: optim.Cosine{Peak: cfg.rate, Warmup: 0.1}, Epochs: cfg.epochs, Seed: cfg.seed, Valid: j.examine,
		Checkpoint: filepath.Join(cfg.out, last), Best: filepath.Join(cfg.out, best), Classes: j.card.Classes,
		Progress: bar.Show,
		OnStep: func(s train.Step) error {
			bar.Note("epoch %d  loss %.3f  %.1f %% right", s.Epoch, s.Loss, 100*s.Score.Accuracy())
			return nil
		},
		OnEpoch: func(e train.Epoch) error { notes.Printf("%v", e); return nil },
	})
	if err != nil {
		return nil, err
	}
	if cfg.resume {
		if err := trainer.Resume(); err != nil {
			return nil, err
		}
	}
	return trainer.Run(ctx)
}
