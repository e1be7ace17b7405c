package unravel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// Identity returns a hash of the names, shapes and values of a model's tensors, such as nn.State of a module, for
// [OpenJournal].
func Identity(state iter.Seq2[string, *tensor.Tensor]) string {
	h := sha256.New()
	for name, t := range state {
		fmt.Fprintf(h, "%q %v ", name, t.Shape())
		digestValues(h, t)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// keys makes the keys of a study's journal.
type keys struct {
	batches [][sha256.Size]byte // by batch: net, seed, examples, reference
	means   string              // what dataset means depend on beside these
}

// keys returns the keys of the study as it is now, or nil if there is no journal. The batch's position is part of
// them, since the random numbers of a plan depend on it.
func (s *Study) keys() *keys {
	if s.opts.Journal == nil {
		return nil
	}
	k := &keys{batches: make([][sha256.Size]byte, len(s.batches))}
	for i, b := range s.batches {
		h := sha256.New()
		fmt.Fprintf(h, "%q %d %d ", s.opts.Journal.identity, s.opts.Seed, i)
		digest(h, b)
		for _, r := range s.opts.Reference {
			digest(h, r)
		}
		h.Sum(k.batches[i][:0])
	}
	if s.opts.Reference == nil {
		h := sha256.New()
		for _, b := range s.batches {
			digest(h, data.Batch{X: b.X})
		}
		k.means = " over " + hex.EncodeToString(h.Sum(nil))
	}
	return k
}

// of returns the key of a plan or patch on a batch. It is given as text, with all that its score depends on
// beside the batch, the seed and the net.
func (k *keys) of(batch int, what string) string {
	h := sha256.New()
	h.Write(k.batches[batch][:])
	io.WriteString(h, what)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// plan returns a plan as text for a key.
func (k *keys) plan(p Plan, recalibrated bool) string {
	text := p.String()
	if p.averages() {
		text += k.means
	}
	if recalibrated {
		text += " recalibrated"
	}
	return text
}

// patch returns a patch as text for a key.
func (k *keys) patch(do Step, p Patch) string {
	text := patchText(do, p)
	if do.Do == DatasetMean {
		text += k.means
	}
	return text
}

// digest writes the content of a batch. It needs no error: a hash accepts everything.
func digest(h io.Writer, b data.Batch) {
	fmt.Fprintf(h, "%v %v ", b.X.Shape(), b.Labels)
	digestValues(h, b.X)
}

// digestValues writes the elements of t, little-endian.
func digestValues(h io.Writer, t *tensor.Tensor) {
	buffer := make([]byte, 0, 4096)
	for chunk := range slices.Chunk(t.Data(), 1024) {
		buffer = buffer[:0]
		for _, v := range chunk {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		h.Write(buffer)
	}
}
