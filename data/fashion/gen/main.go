// Command gen chooses the embedded subset of Fashion-MNIST from the whole set: the same number of
// images of each class, drawn with a fixed seed, in their original order. Run it in the folder
// above:
//
//	go run ./gen -from /usr/share/datasets/fashion-mnist
//
// It does not import package fashion, which does not compile before its files are there.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/atomicfile"
)

const seed = 1708_07747 // the number of the paper

var parts = []struct {
	from, to string
	perClass int
}{
	{"train", "train", 1000},
	{"t10k", "test", 200},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	from := flag.String("from", "/usr/share/datasets/fashion-mnist", "folder of the whole set")
	to := flag.String("to", ".", "folder to write to")
	flag.Parse()
	if err := generate(*from, *to); err != nil {
		log.Fatal(err)
	}
}

func generate(from, to string) error {
	for _, p := range parts {
		whole, err := data.LoadIDX(os.DirFS(from), p.from+"-images-idx3-ubyte.gz", p.from+"-labels-idx1-ubyte.gz", 10)
		if err != nil {
			return err
		}
		d, err := whole.Subset(p.perClass, rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			return err
		}
		images := filepath.Join(to, p.to+"-images-idx3-ubyte.gz")
		if err := write(images, []int{d.Len(), d.Height, d.Width}, d.Pixels); err != nil {
			return err
		}
		labels := make([]uint8, d.Len())
		for i, l := range d.Labels {
			labels[i] = uint8(l)
		}
		if err := write(filepath.Join(to, p.to+"-labels-idx1-ubyte.gz"), []int{d.Len()}, labels); err != nil {
			return err
		}
	}
	return nil
}

// write leaves the gzip header without name and time, so that the files depend on the data alone.
func write(path string, shape []int, elements []uint8) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := data.WriteIDX(z, shape, elements); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return atomicfile.Write(path, b.Bytes())
}
