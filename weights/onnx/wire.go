package onnx

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// The numbers of fields that lead to the raw data of an initializer.
const (
	graphOfModel       = 7
	initializerOfGraph = 5
	rawDataOfTensor    = 9
)

// unmarshal decodes a model whose initializers share the bytes of data, which are nearly all of a file: package proto would
// copy them.
func unmarshal(data []byte) (*pb.ModelProto, error) {
	var raws [][]byte // of each initializer
	rest := edit(data, graphOfModel, func(graph []byte) []byte {
		return edit(graph, initializerOfGraph, func(tensor []byte) []byte {
			var raw []byte
			tensor = edit(tensor, rawDataOfTensor, func(b []byte) []byte {
				raw = b[:len(b):len(b)]
				return nil
			})
			raws = append(raws, raw)
			return tensor
		})
	})
	m := new(pb.ModelProto)
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(rest, m); err != nil {
		return nil, invalid("%w", err)
	}
	for i, t := range m.GetGraph().GetInitializer() {
		if raws[i] != nil {
			t.RawData = raws[i]
		}
	}
	return m, nil
}

// edit returns a message with other contents in the fields of a number that have bytes. Those become what f returns, and go
// if that is nil. What cannot be parsed stays: unmarshalling it fails.
func edit(message []byte, field protowire.Number, f func([]byte) []byte) []byte {
	out := []byte{}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeField(message)
		if n < 0 {
			return append(out, message...)
		}
		if number == field && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(message)
			value, _ := protowire.ConsumeBytes(message[tag:])
			if value = f(value); value != nil {
				out = protowire.AppendBytes(append(out, message[:tag]...), value)
			}
		} else {
			out = append(out, message[:n]...)
		}
		message = message[n:]
	}
	return out
}
