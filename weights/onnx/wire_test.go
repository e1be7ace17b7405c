package onnx

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// Whatever the bytes are, unmarshal gives what package proto gives.
func requireSameModel(t *testing.T, data []byte) {
	t.Helper()
	want := new(pb.ModelProto)
	wantErr := proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, want)
	got, err := unmarshal(data)
	require.Equal(t, wantErr == nil, err == nil, "%v, %v", wantErr, err)
	if err == nil {
		require.True(t, proto.Equal(want, got))
	}
}

func TestUnmarshalGivesWhatProtoGives(t *testing.T) {
	files, err := filepath.Glob("testdata/*.onnx")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		requireSameModel(t, data)
		for n := range 40 { // cut short
			requireSameModel(t, data[:n*len(data)/40])
		}
	}
	bytes := func(out []byte, number protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), v)
	}
	// The last raw data count, graphs are merged, and empty data are data.
	tensor := bytes(bytes(bytes(nil, 8, []byte("w")), rawDataOfTensor, []byte{1}), rawDataOfTensor, []byte{2, 3})
	empty := bytes(nil, rawDataOfTensor, nil)
	graph := bytes(bytes(bytes(nil, initializerOfGraph, tensor), 2, []byte("name")), initializerOfGraph, bytes(nil, 8, []byte("v")))
	model := bytes(bytes(nil, graphOfModel, graph), graphOfModel, bytes(nil, initializerOfGraph, empty))
	requireSameModel(t, model)
	m, err := unmarshal(model)
	require.NoError(t, err)
	require.Len(t, m.Graph.Initializer, 3)
	require.Equal(t, []byte{2, 3}, m.Graph.Initializer[0].RawData)
	require.Nil(t, m.Graph.Initializer[1].RawData)
	require.NotNil(t, m.Graph.Initializer[2].RawData)
	// Other types of fields and what is not known.
	requireSameModel(t, protowire.AppendVarint(protowire.AppendTag(nil, graphOfModel, protowire.VarintType), 5))
	requireSameModel(t, bytes(nil, graphOfModel, bytes(nil, initializerOfGraph, protowire.AppendVarint(protowire.AppendTag(nil, rawDataOfTensor, protowire.VarintType), 5))))
	requireSameModel(t, bytes(nil, graphOfModel, []byte{0x2a, 0x7f}))
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{0x3a, 4, 0x2a, 2, 0x4a, 0})
	f.Fuzz(func(t *testing.T, data []byte) { requireSameModel(t, data) })
}
