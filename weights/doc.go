// Package weights reads files of named tensors, safetensors, what PyTorch's torch.save writes and NumPy's arrays, writes
// safetensors, and moves tensors into and out of a model.
//
// A safetensors file is eight bytes with the length of a header (little-endian), the header, a JSON object that
// gives each tensor's type, shape and place, and the elements of all tensors one after the other
// (https://huggingface.co/docs/safetensors). Files are not trusted: whatever is wrong with one is an
// error, and [Read] says how memory is bounded by the length of the file.
//
// In a file, convolution weights are laid out as PyTorch has them, OIHW: out channels, in channels
// of a group, rows, columns. In memory they are HWIO. [FromState] and [Assign] convert.
package weights
