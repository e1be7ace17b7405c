package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// torchFile is what testdata/torch.json says of a file: see testdata/pytorch.py.
type torchFile struct {
	Part              string
	Meta, Unsupported map[string]string
	Tensors           map[string]struct {
		Shape []int
		Data  []float32
	}
}

func torchFiles(t testing.TB) map[string]torchFile {
	t.Helper()
	text, err := os.ReadFile("testdata/torch.json")
	require.NoError(t, err)
	var files map[string]torchFile
	require.NoError(t, json.Unmarshal(text, &files))
	require.NotEmpty(t, files)
	return files
}

func TestFilesOfTorchSave(t *testing.T) {
	for name, want := range torchFiles(t) {
		t.Run(name, func(t *testing.T) {
			got, err := Load("testdata/torch/" + name + ".pt")
			require.NoError(t, err)
			require.Equal(t, want.Part, got.Part)
			require.Equal(t, want.Meta, got.Meta)
			require.Equal(t, want.Unsupported, got.Unsupported)
			require.Len(t, got.Tensors, len(want.Tensors))
			typed := 0
			for _, n := range got.Types {
				typed += n
			}
			require.Equal(t, len(got.Tensors), typed)
			for key, w := range want.Tensors {
				require.Equal(t, w.Shape, append([]int{}, got.Tensors[key].Shape()...), key)
				require.Equal(t, w.Data, append([]float32{}, got.Tensors[key].Data()...), key)
			}
		})
	}
}

func TestPartsOfATorchFile(t *testing.T) {
	for part, says := range map[string]string{
		"ema":   "",
		"net":   `part "net": no "net" among the keys "model", "ema"`,
		"ema.w": `part "ema.w": "w" is a tensor, not a dictionary`,
		"ema.":  `part "ema.": no "" among the keys "w"`,
	} {
		got, err := LoadPart("testdata/torch/two.pt", part)
		if says != "" {
			require.ErrorIs(t, err, ErrFormat)
			require.ErrorContains(t, err, says)
			require.ErrorContains(t, err, "two.pt")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, part, got.Part)
		require.Equal(t, []float32{1}, got.Tensors["w"].Data())
	}
	_, err := LoadPart("testdata/torch/checkpoint-zip.pt", "optimizer")
	require.ErrorContains(t, err, `part "optimizer" holds no tensors, its keys are "state", "param_groups"`)

	path := filepath.Join(t.TempDir(), "a.safetensors")
	require.NoError(t, Save(path, &File{}))
	_, err = LoadPart(path, "ema")
	require.ErrorContains(t, err, `part "ema" of a file that has no parts`)
}

// Every beginning of a file, and every file with a byte changed, is an error or read, and never a panic; and what is
// read has no more elements than the file has bytes.
func TestDamagedTorchFiles(t *testing.T) {
	for _, name := range []string{"legacy", "zip", "checkpoint-legacy", "big"} {
		whole, err := os.ReadFile("testdata/torch/" + name + ".pt")
		require.NoError(t, err)
		for n := 0; n < len(whole); n += 7 {
			_, err := Read(bytes.NewReader(whole[:n]), int64(n))
			require.ErrorIs(t, err, ErrFormat, "%s cut to %d bytes", name, n)
		}
		for at := 0; at < len(whole); at += 3 {
			damaged := bytes.Clone(whole)
			damaged[at] ^= 0x15
			readHostile(t, damaged)
		}
		_, err = Read(bytes.NewReader(whole[:len(whole)/2]), int64(len(whole)))
		require.Error(t, err)
	}
}

func readHostile(t testing.TB, b []byte) {
	t.Helper()
	f, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		require.Nil(t, f)
		return
	}
	n := 0
	for _, v := range f.Tensors {
		n += v.Len()
	}
	require.LessOrEqual(t, n, len(b))
}

// legacyFile is a file in the format before 1.6 with the given object and storages of float32.
func legacyFile(object string, keys string, storages ...[]float32) []byte {
	var b bytes.Buffer
	b.WriteString(legacyBegin)
	b.WriteString("\x80\x02M\xe9\x03.")                            // 1001
	b.WriteString("\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.") // {"little_endian": True}
	b.WriteString("\x80\x02" + object + ".")
	b.WriteString("\x80\x02" + keys + ".")
	for _, s := range storages {
		_ = binary.Write(&b, binary.LittleEndian, int64(len(s)))
		_ = binary.Write(&b, binary.LittleEndian, s)
	}
	return b.Bytes()
}

// tensorOf is the pickle of {"w": a tensor of storage "0" of n elements}: n, offset, shape and strides are pickles.
func tensorOf(n, offset, shape, stride string) string {
	return "}U\x01w" + "ctorch._utils\n_rebuild_tensor_v2\n(" +
		"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu" + n + "NtQ" + offset + shape + stride + "\x89NtRs"
}

const oneStorage = "]U\x010a"

func TestHostileTorchFiles(t *testing.T) {
	elements := []float32{1, 2, 3, 4}
	good := legacyFile(tensorOf("K\x04", "K\x00", "K\x02K\x02\x86", "K\x02K\x01\x86"), oneStorage, elements)
	f, err := Read(bytes.NewReader(good), int64(len(good)))
	require.NoError(t, err)
	require.Equal(t, elements, f.Tensors["w"].Data())

	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"a command": {legacyFile("cos\nsystem\nU\x04true\x85R", oneStorage),
			"it asks for os.system, which is not among the few names that a file of weights needs"},
		"a whole model": {legacyFile("ctorchvision.models.resnet\nResNet\n)\x81", oneStorage), "torchvision.models.resnet.ResNet"},
		"an element beyond the storage": {legacyFile(tensorOf("K\x04", "K\x01", "K\x02K\x02\x86", "K\x02K\x01\x86"), oneStorage, elements),
			`tensor "w": its last element is number 4 of storage "0", which has 4`},
		"a negative stride": {legacyFile(tensorOf("K\x04", "K\x03", "K\x04\x85", "J\xff\xff\xff\xff\x85"), oneStorage, elements), "stride -1"},
		"a negative offset": {legacyFile(tensorOf("K\x04", "J\xff\xff\xff\xff", "K\x04\x85", "K\x01\x85"), oneStorage, elements), "from element -1 on"},
		"a stride that overflows": {legacyFile(tensorOf("K\x04", "K\x00", "K\x03\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"), oneStorage, elements),
			"stride 9223372036854775807"},
		"many elements out of one": {legacyFile(tensorOf("K\x04", "K\x00", "\x8a\x04\xff\xff\xff\x0f\x85", "K\x00\x85"), oneStorage, elements),
			"of tensors with more elements than the file has bytes"},
		"a shape that overflows": {legacyFile(tensorOf("K\x04", "K\x00", "\x8a\x04\xff\xff\xff\x7f\x8a\x04\xff\xff\xff\x7f\x86", "K\x00K\x00\x86"), oneStorage, elements),
			"is too large"},
		"a long storage": {legacyFile(tensorOf("\x8a\x07\xff\xff\xff\xff\xff\xff\x0f", "K\x00", "K\x01\x85", "K\x01\x85"), oneStorage, elements),
			"its length 4"},
		"no storage":       {legacyFile(tensorOf("K\x04", "K\x00", "K\x04\x85", "K\x01\x85"), "]"), "does not fit into the file"},
		"storage twice":    {legacyFile(tensorOf("K\x04", "K\x00", "K\x04\x85", "K\x01\x85"), "]U\x010aU\x010a", elements, elements), "or twice"},
		"no dictionary":    {legacyFile("K\x01", "]"), "it holds a value and no dictionary of tensors"},
		"no tensors":       {legacyFile("}U\x01aK\x01s", "]"), `no dictionary of tensors in it, its keys are "a"`},
		"one in itself":    {legacyFile("}q\x00U\x05modelh\x00s", "]"), "no dictionary of tensors in it"},
		"another version":  {[]byte(legacyBegin + "\x80\x02M\xe8\x03.\x80\x02}.\x80\x02}.\x80\x02]."), "version 1000 of the format, want 1001"},
		"a tar archive":    {append(make([]byte, tarMagicAt), "ustar\x00 of before 2018"...), "a tar archive, as PyTorch before 0.4 wrote it"},
		"an empty archive": {[]byte("PK\x03\x04" + strings.Repeat("x", 100)), "zip: not a valid zip file"},
	} {
		f, err := Read(bytes.NewReader(c.file), int64(len(c.file)))
		require.ErrorIs(t, err, ErrFormat, name)
		require.ErrorContains(t, err, c.says, name)
		require.Nil(t, f, name)
	}
}

func FuzzReadTorch(f *testing.F) {
	for name := range torchFiles(f) {
		b, err := os.ReadFile("testdata/torch/" + name + ".pt")
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add(legacyFile(tensorOf("K\x04", "K\x00", "K\x02K\x02\x86", "K\x02K\x01\x86"), oneStorage, []float32{1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, b []byte) { readHostile(t, b) })
}
