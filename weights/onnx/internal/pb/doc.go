// Package pb holds the messages of ONNX files, generated from onnx.proto of ONNX 1.23.2 (Apache License 2.0,
// copyright of the contributors to ONNX, see LICENSE beside). Only the package's name was changed: protobuf refuses
// to start a program that holds two files of one name, and ours must live beside another reader of ONNX.
package pb

// protoc comes with the Python package grpcio-tools; protoc-gen-go, of the version of google.golang.org/protobuf in
// go.mod, is found on the path.
//
//go:generate python3 -m grpc_tools.protoc --proto_path=residuum/onnx.proto=onnx.proto --go_out=. --go_opt=module=github.com/residuum-go/residuum/weights/onnx/internal/pb --go_opt=Mresiduum/onnx.proto=github.com/residuum-go/residuum/weights/onnx/internal/pb residuum/onnx.proto
