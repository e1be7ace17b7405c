package weights

import (
	"archive/zip"
	"encoding/binary"
	"fmt"

	"github.com/residuum-go/residuum/tensor"
)

// SaveTorch writes the tensors of f to a file that PyTorch's torch.load, with weights_only, too, and [Load] read, in one step
// as [Save] does: a state dict, all as float32, with the names and layouts of f. Meta is left out.
func SaveTorch(path string, f *File) error {
	return saveZip(path, f, func(z *zip.Writer, names []string) error {
		object := torchObject(f, names)
		for _, record := range []struct {
			name  string
			bytes []byte
		}{{"data.pkl", object}, {"byteorder", []byte("little")}, {"version", []byte("3\n")}} {
			w, err := z.CreateHeader(&zip.FileHeader{Name: torchFolder + record.name, Method: zip.Store})
			if err != nil {
				return err
			}
			if _, err := w.Write(record.bytes); err != nil {
				return err
			}
		}
		for i, name := range names {
			w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%sdata/%d", torchFolder, i), Method: zip.Store})
			if err != nil {
				return err
			}
			if err := writeFloats(w, f.Tensors[name].Data()); err != nil {
				return err
			}
		}
		return nil
	})
}

// torchFolder is what torch.save puts everything in when it does not know the name of the file.
const torchFolder = "archive/"

// torchObject returns the pickle of an OrderedDict of tensors, each the whole of a storage of its own, numbered as names are.
func torchObject(f *File, names []string) []byte {
	p := pickler("\x80\x02") // protocol 2, which torch.save writes
	p.dict()
	p.put('(')
	for i, name := range names {
		t := f.Tensors[name]
		p.text(name)
		p.global("torch._utils", "_rebuild_tensor_v2")
		p.put('(')
		p.storage(i, t.Len())
		p.number(0)
		p.tuple(t.Shape())
		p.tuple(strides(t))
		p.put('\x89') // requires no gradient
		p.dict()      // of hooks
		p.put('t', 'R')
	}
	p.put('u', '.')
	return p
}

// strides returns how far apart neighbours along each axis are, in elements.
func strides(t *tensor.Tensor) []int {
	s, n := make([]int, t.Rank()), 1
	for i := t.Rank() - 1; i >= 0; i-- {
		s[i] = n
		n *= max(t.Dim(i), 1)
	}
	return s
}

// pickler is a pickle to which ops are appended (https://docs.python.org/3/library/pickletools.html).
type pickler []byte

func (p *pickler) put(ops ...byte) { *p = append(*p, ops...) }

func (p *pickler) global(module, name string) { *p = fmt.Appendf(*p, "c%s\n%s\n", module, name) }

// dict puts an empty OrderedDict.
func (p *pickler) dict() {
	p.global("collections", "OrderedDict")
	p.put(')', 'R')
}

func (p *pickler) text(s string) {
	p.put('X')
	*p = append(binary.LittleEndian.AppendUint32(*p, uint32(len(s))), s...)
}

// number puts a long, which has as many bytes as it says.
func (p *pickler) number(n int) {
	p.put(0x8a, 8)
	*p = binary.LittleEndian.AppendUint64(*p, uint64(n))
}

func (p *pickler) tuple(numbers []int) {
	p.put('(')
	for _, n := range numbers {
		p.number(n)
	}
	p.put('t')
}

// storage puts what stands for storage i of n floats.
func (p *pickler) storage(i, n int) {
	p.put('(')
	p.text("storage")
	p.global("torch", "FloatStorage")
	p.text(fmt.Sprint(i))
	p.text("cpu")
	p.number(n)
	p.put('t', 'Q')
}
