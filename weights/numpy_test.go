package weights

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestFilesOfNumPy(t *testing.T) {
	text, err := os.ReadFile("testdata/numpy.json")
	require.NoError(t, err)
	var files map[string]map[string]struct {
		Unsupported string
		Shape       []int
		Data        []float32
	}
	require.NoError(t, json.Unmarshal(text, &files))
	require.Len(t, files, 5)
	for name, arrays := range files {
		got, err := Load(filepath.Join("testdata/numpy", name))
		require.NoError(t, err)
		require.Equal(t, len(arrays), len(got.Tensors)+len(got.Unsupported), name)
		for key, want := range arrays {
			if want.Unsupported != "" {
				require.Equal(t, want.Unsupported, got.Unsupported[key])
				continue
			}
			require.Equal(t, want.Shape, append([]int{}, got.Tensors[key].Shape()...), key)
			require.Equal(t, want.Data, append([]float32{}, got.Tensors[key].Data()...), key)
		}
	}
	_, err = LoadPart("testdata/numpy/types.npz", "ema")
	require.ErrorContains(t, err, `part "ema" of a file that has no parts`)
}

// npy returns a file of one array.
func npy(header, elements string) string {
	return numpyBegin + "\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + elements
}

// npz returns an archive of records by name, in their order.
func npz(t testing.TB, method uint16, records ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(records); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: records[i], Method: method})
		require.NoError(t, err)
		_, err = io.WriteString(w, records[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func readNumPy(b []byte) (*File, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// NumPy writes the keys in one order and with one spacing, but readers must not count on that.
func TestHeadersOfNumPy(t *testing.T) {
	for _, header := range []string{
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   \n",
		"{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
		"  { 'fortran_order' :True,'shape':( 2 , ),'descr':'<f4' , } ",
	} {
		f, err := readNumPy([]byte(npy(header, "\x00\x00\x80\x3f\x00\x00\x00\x40")))
		require.NoError(t, err, header)
		require.Equal(t, map[string]*tensor.Tensor{"arr_0": tensor.From([]float32{1, 2}, 2)}, f.Tensors)
	}
	for header, says := range map[string]string{
		"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }":                                     "shape [3] of <f4 needs 12 bytes, it has 8",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }":                                     "shape [1] of <f4 needs 4 bytes, it has 8",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }":                                    "is not descr",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }":                  "an axis:",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000, 2000000000), }":                 "is too large",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (" + strings.Repeat("1,", maxAxes+1) + "),}": "more than 64 axes",
		"{'descr': '<f4', 'fortran_order': False}":                                                      "lacks one of descr, fortran_order and shape",
		"{'descr': '<f4', 'descr': '<f4', 'shape': (2,)}":                                               `"descr" occurs twice`,
		"{'descr': True, 'fortran_order': False, 'shape': (2,)}":                                        `key "descr" with the value`,
		"{'descr': '<f4', 'fortran_order': False, 'shape': '<f4'}":                                      `key "shape" with the value`,
		"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}":                                        "an array of Python objects",
		"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}":                              "is not descr",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)":                                        "is not descr",
		"{}": "lacks one of",
		"":   "is not descr",
	} {
		_, err := readNumPy([]byte(npy(header, "\x00\x00\x80\x3f\x00\x00\x00\x40")))
		require.ErrorIs(t, err, ErrFormat, header)
		require.ErrorContains(t, err, says, header)
	}
}

func TestFilesOfNumPyThatAreRefused(t *testing.T) {
	for name, says := range map[string]string{"objects.npy": "an array of Python objects, which are pickled", "records.npy": "is not descr"} {
		_, err := Load(filepath.Join("testdata/numpy", name))
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, says)
	}
	good := "{'descr': '|u1', 'fortran_order': False, 'shape': (100000,), }"
	zeros := npy(good, strings.Repeat("\x00", 100000))
	damaged := npz(t, zip.Store, "a.npy", zeros)
	damaged[1000] = 1
	for says, b := range map[string][]byte{
		"more than 100 times the bytes of the archive": npz(t, zip.Deflate, "a.npy", zeros, "b.npy", zeros),
		`"a" occurs twice`:                       npz(t, zip.Store, "a.npy", zeros, "a.npy", zeros),
		`array "a": it does not begin`:           npz(t, zip.Store, "a.npy", strings.Repeat("x", 50)),
		`array "a": 3 bytes long, too short`:     npz(t, zip.Store, "a.npy", "\x93NU"),
		`array "a": zip: checksum error`:         damaged,
		"without data.pkl":                       npz(t, zip.Store, "a.npy", zeros, "b.txt", "text"),
		"a header of 4294967295 bytes, at most":  []byte(numpyBegin + "\x02\x00\xff\xff\xff\xff{}"),
		"a header of 200 bytes, at most":         []byte(numpyBegin + "\x01\x00\xc8\x00{}"),
		"version 9 of the format":                []byte(numpyBegin + "\x09\x00\xff\xff\xff\xff{}"),
		"zip: unsupported compression algorithm": bytes.ReplaceAll(npz(t, zip.Store, "a.npy", zeros), []byte("\x08\x00\x00\x00"), []byte("\x08\x00\x63\x00")),
	} {
		_, err := readNumPy(b)
		require.ErrorIs(t, err, ErrFormat, says)
		require.ErrorContains(t, err, says)
	}
	for n := range int64(12) { // of a file of which only so much is there
		_, err := Read(strings.NewReader(zeros[:n]), n)
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, "too short for a header")
	}
	// A file that shrinks while it is read is no file of a wrong format.
	for n := range int64(len(zeros)) - 1 {
		if n%1009 == 0 {
			_, err := readNPY(strings.NewReader(zeros[:n]), int64(len(zeros)))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.ErrorIs(t, err, errRead)
		}
	}
}

func FuzzReadNumPy(f *testing.F) {
	for _, name := range []string{"types.npz", "compressed.npz", "version1.npy", "version2.npy", "version3.npy", "objects.npy", "records.npy"} {
		b, err := os.ReadFile(filepath.Join("testdata/numpy", name))
		require.NoError(f, err)
		f.Add(b)
	}
	for _, header := range []string{"{'shape': (0,3), 'fortran_order': True, 'descr': '>f2'}", "{'descr': '|O', 'fortran_order': False, 'shape': ()}"} {
		f.Add([]byte(npy(header, "")))
		f.Add(npz(f, zip.Deflate, "a.npy", npy(header, "")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := readNumPy(b)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		require.LessOrEqual(t, file.Elements(), int64(len(b))*zipRatio)
		file.Unsupported = nil
		var saved bytes.Buffer
		if Write(&saved, file) != nil {
			return // a name that is not UTF-8, or the one that safetensors keep for metadata
		}
		again, err := readNumPy(saved.Bytes())
		require.NoError(t, err)
		require.Len(t, again.Tensors, len(file.Tensors))
	})
}
