package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a file holds may be as deep as it is long, and may hold itself a million times: nothing follows it all the way.
func TestDeepTorchFiles(t *testing.T) {
	deep := "K\x01" + strings.Repeat("\x85", 2_000_000)
	shared := "K\x01\x85q\x00" // the last of them is itself the one before, twice, and so on
	for i := range 60 {
		shared += fmt.Sprintf("0h%ch%c\x86q%c", i, i, i+1)
	}
	inside := "]q\x00h\x00a"
	nested := "ctorch._tensor\n_rebuild_from_type_v2\nq\x01ctorch\nTensor\nq\x020" +
		strings.Repeat("h\x01h\x02", 1_000_000) + ")" + strings.Repeat("\x87", 1_000_000) + "R"
	for name, c := range map[string]struct{ object, keys, says string }{
		"a deep key":               {"}" + deep + "K\x01s", "]", "its keys are a list"},
		"a key of shared parts":    {"}" + shared + "K\x01s", "]", "its keys are a list"},
		"a key in itself":          {"}" + inside + "K\x01s", "]", "its keys are a list"},
		"a deep value":             {"}U\x01a" + deep + "s", "]", `its keys are "a"`},
		"a deep name of a storage": {tensorOf("K\x04", "K\x00", "K\x04\x85", "K\x01\x85"), "]" + deep + "a", "storage a list stands in the list"},
		"a deep version":           {"", "", "version a list of the format"},
		"tensors of tensors":       {nested, "]", "a tensor with attributes of a tensor with attributes"},
	} {
		file := legacyFile(c.object, c.keys, []float32{1, 2, 3, 4})
		if c.object == "" {
			file = []byte(legacyBegin + "\x80\x02" + deep + ".\x80\x02}.\x80\x02}.\x80\x02].")
		}
		_, err := Read(bytes.NewReader(file), int64(len(file)))
		require.ErrorIs(t, err, ErrFormat, name)
		require.ErrorContains(t, err, c.says, name)
		require.Less(t, len(err.Error()), 500, name)
	}
}

// Tensors of few elements far apart, of which each would cost the whole storage.
func TestSparseTorchTensors(t *testing.T) {
	const n = 1 << 20
	elements := make([]float32, n)
	elements[0], elements[n-1] = 1, 2
	number := func(v uint32) string { return string(binary.LittleEndian.AppendUint32([]byte("J"), v)) }
	one := tensorOf(number(n), "K\x00", "K\x02\x85", number(n-1)+"\x85")
	one = strings.TrimSuffix(strings.TrimPrefix(one, "}U\x01w"), "s")
	var object strings.Builder
	object.WriteString("(")
	for i := range 20_000 {
		fmt.Fprintf(&object, "U\x05%05d%s", i, one)
	}
	file := legacyFile(object.String()+"d", oneStorage, elements)
	f, err := Read(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	require.Len(t, f.Tensors, 20_000)
	for _, x := range f.Tensors {
		require.Equal(t, []float32{1, 2}, x.Data())
	}
}
