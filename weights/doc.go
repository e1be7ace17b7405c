// Package weights reads files of named tensors, safetensors, what PyTorch's torch.save writes and NumPy's arrays, writes
// safetensors, state dicts of PyTorch and NumPy's archives, and moves tensors into and out of a model.
//
//	file, err := weights.Load("resnet18-f37072fd.pth")
//	err = weights.Assign(nn.State(net), file) // names and shapes must agree, or nothing is changed
//	err = weights.Save("net.safetensors", &weights.File{Tensors: weights.FromState(nn.State(net))})
//
// A [File] is tensors by name, all as float32, and text by key. A [Mismatch] says how one differs from a model, and why
// that seems to be. A [Reader] reads the tensors of a large file one at a time.
//
// A safetensors file is eight bytes with the length of a header (little-endian), the header, a JSON object that
// gives each tensor's type, shape and place, and the elements of all tensors one after the other
// (https://huggingface.co/docs/safetensors). Files are not trusted: whatever is wrong with one is an
// error, and [Read] says how memory is bounded by the length of the file.
//
// In a file, convolution weights are laid out as PyTorch has them, OIHW: out channels, in channels
// of a group, rows, columns. In memory they are HWIO. [FromState] and [Assign] convert.
//
// A state is what [github.com/residuum-go/residuum/nn.State] lists. Names that other libraries or wrappers give are
// understood: [ToTorchvision] and [Unwrap] do alone what Assign does where it must.
package weights
