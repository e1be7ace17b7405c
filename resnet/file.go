package resnet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/weights"
)

// Describe returns the metadata by which [Load] builds n again. A train.Trainer writes them into its checkpoints, which
// are then files for Load, too.
func (n *Net) Describe(card data.Card) (map[string]string, error) {
	if err := card.Check(n.cfg.Image.Channels, n.cfg.Classes); err != nil {
		return nil, fmt.Errorf("resnet: %w", err)
	}
	return card.Describe("resnet", n.cfg)
}

// Save writes the net to a safetensors file that [Load] and other programs can read, with its configuration and the card
// in the metadata.
func (n *Net) Save(path string, card data.Card) error {
	meta, err := n.Describe(card)
	if err != nil {
		return err
	}
	return weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(n)), Meta: meta})
}

// Load builds the net of a file that [Net.Save] or a train.Trainer wrote, and returns the card beside it. Of other
// files, such as torchvision's, it builds what [Recognise] finds, with an empty card; what was assumed for that,
// [Net.Recognised] tells. What is wrong with a file is an error, and so are images of more than 2^22 pixels; no more
// memory is given than its tensors justify.
func Load(path string) (*Net, data.Card, error) {
	var file *weights.File
	if r, err := weights.Open(path); err == nil {
		defer r.Close()
		file = r.Outline() // of which one tensor at a time is read into the net
	} else if file, err = weights.Load(path); err != nil {
		return nil, data.Card{}, fmt.Errorf("resnet: Load: %w", err)
	}
	n, card, err := FromFile(file)
	if err != nil {
		return nil, data.Card{}, fmt.Errorf("resnet: Load: %s: %w", path, err)
	}
	return n, card, nil
}

// FromFile is [Load] of a file that has been read.
func FromFile(file *weights.File) (*Net, data.Card, error) {
	var cfg Config
	card, err := data.ReadCard(file.Meta, "resnet", &cfg)
	if errors.Is(err, data.ErrNoCard) {
		r, err := Recognise(file)
		if err != nil && isCheckpoint(file) {
			err = fmt.Errorf("a trainer's checkpoint of a model that does not describe itself: "+
				"make that model and fill it by train.LoadModel: %w", err)
		}
		if err != nil {
			return nil, card, err
		}
		n, err := r.Net()
		return n, card, err
	}
	if err != nil {
		return nil, card, err
	}
	if in := cfg.Image; int64(in.Height)*int64(in.Width) > mostPixels {
		return nil, card, fmt.Errorf("resnet: Config.Image is %v: want at most %d pixels in a file", in, mostPixels)
	}
	n, err := build(cfg, file.Elements())
	if err != nil {
		return nil, card, err
	}
	if err := card.Check(n.cfg.Image.Channels, n.cfg.Classes); err != nil {
		return nil, card, err
	}
	return n, card, n.Assign(file)
}

// mostPixels bounds what running a net takes for an image of the size that its file says. A program that builds its nets
// itself may go beyond.
const mostPixels = 1 << 22

// isCheckpoint reports whether a file has tensors of an optimiser, too.
func isCheckpoint(file *weights.File) bool {
	for name := range file.Tensors {
		if strings.HasPrefix(name, weights.Optimizer) {
			return true
		}
	}
	return false
}

// errLarge ends the building of a net with more elements than it may have.
var errLarge = errors.New("the configuration is of a net with more elements than the file has")

// build makes a net of at most so many elements, to be filled from a file. The builder panics with errLarge before it
// makes more.
func build(cfg Config, most int64) (n *Net, err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != errLarge {
				panic(r)
			}
			n, err = nil, errLarge
		}
	}()
	return newNet(cfg, nil, float64(most))
}
