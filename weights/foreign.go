package weights

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// kinds are files that people take for safetensors, by how they begin.
var kinds = []struct{ begin, name string }{
	{"\x80\x02", pickled}, {"\x80\x03", pickled}, {"\x80\x04", pickled}, {"\x80\x05", pickled},
	{"\x89HDF\r\n\x1a\n", "HDF5, as Keras writes it to .h5 files" + convert},
	{"GGUF", "GGUF"},
	{"\x1f\x8b\x08", "compressed by gzip: decompress it first"},
	{"\x08", "ONNX, which package weights/onnx reads and examples/convert writes as safetensors, or another protocol buffer" + convert},
	{"\xff\xd8\xff", picture}, {"\x89PNG\r\n\x1a\n", picture}, {"GIF8", picture}, {"RIFF", picture},
	{"version ", "a pointer of Git LFS, not the file that it stands for: git lfs pull fetches it"},
	{"<", "HTML or XML, perhaps of a download that failed"},
	{"{", "JSON: the index of a model in several files is known by a name that ends in " + indexSuffix},
}

const (
	picture = "a picture"
	pickled = "a Python pickle, but not one of torch.save" + convert
	convert = ": in Python, write its state_dict again by safetensors.torch.save_file"
)

// orForeign returns err, which says that a file is not safetensors, or, if its first eight bytes tell what it is
// instead, an error that names that.
func orForeign(begin [8]byte, err error) error {
	length := binary.LittleEndian.Uint64(begin[:])
	for _, k := range kinds {
		// A byte or two prove nothing where they may be the length of a header, in a file that is cut or damaged.
		if strings.HasPrefix(string(begin[:]), k.begin) && (length > maxHeader || len(k.begin) > 2) {
			return fmt.Errorf("it seems to be %s", k.name)
		}
	}
	return err
}
