// Convert writes the weights of a PyTorch, safetensors, NumPy or ONNX file to safetensors. If they are of a net that
// package resnet knows, the new file describes itself: the kind of net, how images are normalised, the names of the
// classes. It also writes ONNX files of such nets, and their tensors as PyTorch and NumPy do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/internal/atomicfile"
)

func main() { program.Main("convert", parse, convert) }

// config is what the command line chooses.
type config struct {
	from, to                        string
	part, classes, preset, shortcut string
}

const about = `Convert writes the weights in a file of PyTorch (.pth, .pt, .th, .bin), in safetensors, ONNX or NumPy's
.npz to a new safetensors file, all as float32. Nothing in a PyTorch file is run.

If they are of a residual or VGG net that this library knows, the new file describes itself, so that
resnet.Load and examples/classify need nothing else; what had to be assumed is said. Otherwise tensors keep
their names. What an ONNX file computes must agree with such a net, or it counts as another. A new file that ends
in .onnx holds the net itself, and one that ends in .pth, .pt or .npz its tensors alone, as PyTorch's load_state_dict
and NumPy take them, all without names of classes and preset. At the end the new file is read again and compared: the net's outputs, or all numbers.`

func parse(args []string, help io.Writer) (config, error) {
	var c config
	f := program.NewFlags("convert", about)
	f.Arguments = "FROM TO.safetensors|TO.onnx|TO.pth|TO.npz"
	f.StringVar(&c.part, "part", "", "which dictionary of a PyTorch file with several, by its `key`: ema, model.ema")
	f.StringVar(&c.classes, "classes", "", "`file` with the names of the classes, a line each in the order of the net's outputs")
	f.StringVar(&c.preset, "preset", "", "how pictures become inputs, by the `name` of published weights, such as IMAGENET1K_V1; for small images only how they are normalised")
	f.StringVar(&c.shortcut, "shortcut", "", "where shortcuts without weights pad zero channels: `\"A\"` for behind, \"A centred\" for both sides")
	if err := f.Parse(args, help); err != nil {
		return c, err
	}
	if f.NArg() != 2 {
		return c, fmt.Errorf("%d files: want two, the one to read and the one to write", f.NArg())
	}
	c.from, c.to = f.Arg(0), f.Arg(1)
	if !strings.EqualFold(filepath.Ext(c.to), ".safetensors") {
		if !isONNX(c.to) && writer(c.to) == nil {
			return c, fmt.Errorf("the file to write is %s: want a name that ends in .safetensors, .onnx, .pth, .pt or .npz", c.to)
		}
		if c.classes != "" || c.preset != "" {
			return c, fmt.Errorf("the file to write is %s: -classes and -preset are kept in .safetensors alone", c.to)
		}
	}
	return c, nil
}

func convert(ctx context.Context, cfg config, out io.Writer) error {
	if _, err := os.Lstat(cfg.to); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists: nothing is overwritten", cfg.to)
	}
	if err := atomicfile.Check(cfg.to); err != nil {
		return err
	}
	c, err := read(cfg)
	if err != nil {
		return err
	}
	fmt.Fprint(out, program.Printable(c.summary()))
	if ctx.Err() != nil {
		return fmt.Errorf("stopped before %s was written: %w", cfg.to, context.Cause(ctx))
	}
	if err := c.write(cfg.to); err != nil {
		return err
	}
	agreed, err := c.check(ctx, cfg.to)
	if err != nil {
		why := "is not what was read"
		if ctx.Err() != nil {
			why = "could not be compared with what was read"
		}
		return errors.Join(fmt.Errorf("%s %s and is removed: %w", cfg.to, why, err), os.Remove(cfg.to))
	}
	_, err = fmt.Fprintf(out, "written  %s\nchecked  %s\n", cfg.to, agreed)
	return err
}
