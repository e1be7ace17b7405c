package weights

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/internal/regular"
	"github.com/residuum-go/residuum/tensor"
)

// indexSuffix is how names of files end that say which file beside them each tensor of a model is in:
// model.safetensors.index.json, pytorch_model.bin.index.json.
const indexSuffix = ".index.json"

// index is what such a file holds.
type index struct {
	Metadata map[string]json.RawMessage `json:"metadata"`
	Shards   map[string]string          `json:"weight_map"` // by names of tensors
}

// openIndex reads the index at path and checks that all it names are plain names of files.
func openIndex(path string) (*index, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxHeader+1))
	if err != nil {
		return nil, err
	}
	x, err := parseIndex(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return x, nil
}

func parseIndex(b []byte) (*index, error) {
	x := &index{}
	switch err := json.Unmarshal(b, x); {
	case len(b) > maxHeader:
		return nil, fmt.Errorf("%w: an index of more than %d bytes", ErrFormat, maxHeader)
	case err != nil:
		return nil, fmt.Errorf("%w: the index: %w", ErrFormat, err)
	case len(x.Shards) == 0:
		return nil, fmt.Errorf("%w: an index without weight_map, which says the file of each tensor", ErrFormat)
	}
	for _, name := range slices.Sorted(maps.Keys(x.Shards)) {
		if s := x.Shards[name]; s == "" || s == "." || s == ".." || strings.ContainsAny(s, `/\:`) || !filepath.IsLocal(s) {
			return nil, fmt.Errorf("%w: tensor %.80q is said to be in %.80q, which is no file beside the index", ErrFormat, name, s)
		}
	}
	return x, nil
}

// files returns the names of the shards, sorted.
func (x *index) files() []string {
	return slices.Compact(slices.Sorted(maps.Values(x.Shards)))
}

// meta returns what the index says beside the names, as text.
func (x *index) meta() map[string]string {
	meta := map[string]string{}
	for key, v := range x.Metadata {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		meta[key] = text
	}
	return meta
}

// loadIndex reads the tensors that the index at path names, of each file those that it is said to hold.
func loadIndex(path, part string) (*File, error) {
	x, err := openIndex(path)
	if err != nil {
		return nil, err
	}
	all := &File{Tensors: map[string]*tensor.Tensor{}, Unsupported: map[string]string{}, Types: map[string]int{}}
	all.Part, all.Meta = part, x.meta()
	types := 0
	for _, shard := range x.files() {
		file, err := loadOne(filepath.Join(filepath.Dir(path), shard), part)
		if err != nil {
			return nil, fmt.Errorf("shard %w", err)
		}
		for dtype, n := range file.Types {
			all.Types[dtype] += n
			types += n
		}
		for name, of := range x.Shards {
			t, dtype := file.Tensors[name], file.Unsupported[name]
			switch {
			case of != shard:
			case t != nil:
				all.Tensors[name] = t
			case dtype != "":
				all.Unsupported[name] = dtype
			default:
				return nil, lacking(shard, name)
			}
		}
	}
	if types != len(all.Tensors) {
		all.Types = nil
	}
	return all, nil
}

func lacking(shard, name string) error {
	return fmt.Errorf("%w: shard %s lacks tensor %.80q, which the index says it holds", ErrFormat, shard, name)
}

// loadOne reads a file that is no index. Its errors begin with path.
func loadOne(path, part string) (*File, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := load(f, part)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}
