package weights

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// SaveNPZ writes the tensors of f to an archive of NumPy's, .npz, that np.load and [Load] read, in one step as [Save]
// does, all as float32. An archive has no metadata: Meta is left out.
func SaveNPZ(path string, f *File) error {
	return saveZip(path, f, func(z *zip.Writer, names []string) error {
		for _, name := range names {
			record, err := z.CreateHeader(&zip.FileHeader{Name: name + numpySuffix, Method: zip.Store})
			if err != nil {
				return err
			}
			if err := writeArray(record, f.Tensors[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeArray writes a .npy file, its elements aligned to 64 bytes as NumPy writes them.
func writeArray(w io.Writer, t *tensor.Tensor) error {
	axes := strings.Trim(fmt.Sprint(t.Shape()), "[]")
	axes = strings.ReplaceAll(axes, " ", ", ")
	if t.Rank() == 1 {
		axes += "," // Python's tuple of one
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", axes)
	const before = len(numpyBegin) + 2 + 2 // magic, version, length
	header += strings.Repeat(" ", 63-(before+len(header))%64) + "\n"
	begin := binary.LittleEndian.AppendUint16([]byte(numpyBegin+"\x01\x00"), uint16(len(header)))
	if _, err := w.Write(append(begin, header...)); err != nil {
		return err
	}
	return writeFloats(w, t.Data())
}
