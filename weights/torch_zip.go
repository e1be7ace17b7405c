package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// readZip reads data.pkl and finds the storages among the archive's records. torch.save compresses nothing, and
// here nothing may be, so that no record is longer than the file.
func (a *torchArchive) readZip(z *zip.Reader) error {
	records := map[string]*zip.File{}
	root := "" // the folder that all records are in, named like the file that was saved
	for _, f := range z.File {
		records[f.Name] = f
		if path.Base(f.Name) == "data.pkl" {
			root = strings.TrimSuffix(f.Name, "data.pkl")
		}
	}
	switch {
	case records[root+"data.pkl"] == nil:
		return errors.New("a zip archive without data.pkl, so not of torch.save")
	case records[root+"constants.pkl"] != nil:
		return errors.New("a TorchScript program: in Python, torch.save(model.state_dict(), ...) writes its weights")
	}
	if err := a.readByteOrder(records[root+"byteorder"]); err != nil {
		return err
	}
	at, n, err := a.record(records[root+"data.pkl"])
	if err != nil {
		return err
	}
	d := newDecoder(io.NewSectionReader(a.r, at, n), n, a.resolve)
	if a.object, err = d.Decode(); err != nil {
		return fmt.Errorf("data.pkl: %w", err)
	}
	for key, s := range a.storages {
		f := records[root+"data/"+key]
		if f == nil {
			return fmt.Errorf("no record of storage %.40q", key)
		}
		if s.at, n, err = a.record(f); err != nil {
			return err
		}
		if bits := int64(formats[s.dtype].bits); bits > 0 && s.n > n*8/bits || bits == 0 && s.n > n {
			return fmt.Errorf("storage %.40q has %d elements, its record %d bytes", key, s.n, n)
		}
	}
	return nil
}

// readByteOrder reads the record that says it; older files have none and are little-endian.
func (a *torchArchive) readByteOrder(f *zip.File) error {
	if f == nil {
		return nil
	}
	at, n, err := a.record(f)
	if err != nil {
		return err
	}
	b, err := (&source{r: a.r, at: at}).take(int(min(n, 8)))
	if err != nil {
		return err
	}
	switch string(b) {
	case "little":
	case "big":
		a.big = true
	default:
		return fmt.Errorf("the order of bytes is %q, want little or big", b)
	}
	return nil
}

// record returns where the bytes of a record are in the file.
func (a *torchArchive) record(f *zip.File) (at, n int64, err error) {
	if f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 {
		return 0, 0, fmt.Errorf("record %.80q is compressed, which torch.save does not do: unpack the archive and pack it without compression", f.Name)
	}
	if at, err = f.DataOffset(); err != nil {
		return 0, 0, fmt.Errorf("record %.80q: %w", f.Name, err)
	}
	if at < 0 || f.UncompressedSize64 > uint64(max(a.size-at, 0)) {
		return 0, 0, fmt.Errorf("record %.80q of %d bytes goes beyond the end of the file", f.Name, f.UncompressedSize64)
	}
	return at, int64(f.UncompressedSize64), nil
}
