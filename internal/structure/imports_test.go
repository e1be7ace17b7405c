package structure

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mayImport says for every package which others of the module its code may import: the direction
// of docs/design.md. Tests may import more, since nothing imports them.
var mayImport = map[string]string{
	".":                          "internal/cpu internal/kernel/conv internal/parallel",
	"internal/environment":       "",
	"internal/cpu":               "internal/environment",
	"internal/cpu/levels":        "internal/cpu",
	"internal/cpu/emulated":      "",
	"internal/pages":             "",
	"internal/portions":          "internal/pages",
	"internal/parallel":          "internal/portions",
	"internal/atomicfile":        "",
	"internal/filelock":          "",
	"internal/cancelled":         "",
	"internal/demand":            "",
	"internal/half":              "",
	"internal/littleendian":      "",
	"internal/pickle":            "",
	"internal/ubjson":            "",
	"internal/regular":           "",
	"internal/figure":            "",
	"internal/nettest":           "tensor nn resnet",
	"internal/structure":         "",
	"internal/table":             "",
	"internal/jsonreply":         "",
	"internal/kernel/gemm/tile":  "internal/cpu internal/portions",
	"internal/kernel/gemm":       "internal/cpu internal/parallel internal/portions internal/kernel/gemm/tile internal/kernel/vec",
	"internal/kernel/gemm/peak":  "internal/cpu internal/parallel internal/kernel/gemm/tile",
	"internal/kernel/conv":       "internal/cpu internal/environment internal/pages internal/parallel internal/portions internal/kernel/gemm internal/kernel/gemm/tile internal/kernel/vec",
	"internal/kernel/quant":      "internal/cpu internal/parallel internal/portions internal/kernel/conv",
	"internal/kernel/vec":        "internal/cpu internal/parallel internal/portions",
	"internal/kernel/pool":       "internal/cpu internal/parallel internal/portions internal/kernel/vec",
	"internal/kernel/descend":    "internal/cpu",
	"internal/kernel/hist":       "internal/cpu internal/parallel internal/portions",
	"internal/kernel/kerneltest": "internal/cpu internal/parallel internal/portions",
	"tensor":                     "internal/cpu internal/pages internal/parallel internal/portions internal/kernel/gemm internal/kernel/gemm/tile internal/kernel/conv internal/kernel/vec internal/kernel/pool",
	"autograd":                   "tensor",
	"nn":                         "tensor autograd internal/cancelled",
	"nn/optim":                   "tensor autograd internal/demand",
	"graph":                      "internal/table tensor autograd nn",
	"infer":                      "internal/table tensor nn graph internal/cancelled internal/cpu internal/pages internal/parallel internal/portions internal/demand internal/kernel/conv internal/kernel/gemm/tile internal/kernel/quant internal/kernel/vec",
	"serve":                      "tensor nn graph infer unravel data data/image internal/demand internal/jsonreply internal/littleendian",
	"resnet":                     "tensor autograd nn data weights internal/demand",
	"unravel/paths":              "",
	"unravel":                    "tensor autograd nn data unravel/paths internal/atomicfile internal/filelock internal/cancelled", // sees networks through its own interface alone
	"boost":                      "tensor autograd nn nn/optim data weights internal/cancelled internal/demand internal/kernel/descend internal/kernel/hist internal/parallel internal/ubjson internal/portions",
	"data":                       "tensor internal/demand internal/parallel",
	"data/image":                 "tensor data internal/cancelled internal/demand internal/parallel internal/regular",
	"data/table":                 "tensor internal/table",
	"data/fashion":               "data",
	"data/fashion/gen":           "data internal/atomicfile",
	"weights":                    "tensor internal/atomicfile internal/half internal/littleendian internal/pickle internal/regular",
	"weights/onnx":               "tensor autograd nn graph internal/atomicfile internal/half internal/littleendian internal/regular weights/onnx/internal/pb",
	"weights/onnx/internal/pb":   "",
	"train":                      "tensor autograd nn nn/optim data weights internal/atomicfile internal/filelock internal/cancelled internal/demand",
}

// outside says which packages may use which dependencies, so that the heavy ones stay where they are
// needed and the core stays light.
var outside = map[string]string{
	"golang.org/x/image":                  "data/image",
	"golang.org/x/sys":                    "internal/cpu internal/kernel/kerneltest internal/kernel/gemm/peak internal/kernel/quant",
	"github.com/gofrs/flock":              "internal/filelock",
	"gonum.org/v1/gonum":                  "boost data examples/veit graph tensor unravel unravel/paths",
	"gonum.org/v1/plot":                   "internal/figure",
	"google.golang.org/protobuf":          "weights/onnx weights/onnx/internal/pb",
	"github.com/prometheus/client_golang": "examples/serve",
	"github.com/stretchr/testify":         "internal/kernel/kerneltest internal/nettest",
	"golang.org/x/term":                   "examples/internal/program",
	"golang.org/x/text":                   "examples/internal/program",
	"github.com/schollz/progressbar":      "examples/internal/program",
}

func TestImportsPointDownwards(t *testing.T) {
	for dir, files := range packages(t) {
		if strings.HasPrefix(dir, "examples/") || strings.HasPrefix(dir, "bench/") {
			continue // programs may import everything
		}
		allowed, ok := mayImport[dir]
		require.True(t, ok, "package %s: add it to mayImport, with what it may import", dir)
		for _, f := range files {
			for _, path := range f.imports {
				if path+"/" == module {
					continue // ConfigError, which every constructor returns
				}
				if local, ok := strings.CutPrefix(path, module); ok {
					require.Contains(t, strings.Fields(allowed), local, "%s imports %s", f.name, local)
				} else if strings.Contains(strings.Split(path, "/")[0], ".") {
					requireOutside(t, f, path)
				}
			}
		}
	}
}

func requireOutside(t *testing.T, f *file, path string) {
	t.Helper()
	for prefix, users := range outside {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			require.Contains(t, strings.Fields(users), f.dir, "%s imports %s", f.name, path)
			return
		}
	}
	t.Errorf("%s imports %s: a dependency that the table outside does not name", f.name, path)
}

// program reports whether a folder belongs to the programs, which may import everything.
func program(dir string) bool {
	return strings.HasPrefix(dir, "examples/") || strings.HasPrefix(dir, "bench/")
}

func TestNothingImportsProgramsOrTestSupport(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, path := range f.imports {
			local := strings.TrimPrefix(path, module)
			support := local == "internal/kernel/kerneltest" || local == "internal/nettest" || local == "internal/kernel/gemm/peak"
			require.False(t, (program(local) || support) && !f.test() && !program(f.dir), "%s imports %s", f.name, local)
		}
	}
}

func TestTableHoldsNoPackageThatIsGone(t *testing.T) {
	all := packages(t)
	for dir, imports := range mayImport {
		for _, p := range append(strings.Fields(imports), dir) {
			require.NotEmpty(t, all[p], "mayImport names %s", p)
		}
	}
}

// A grant that no code uses lets in what nobody has thought about.
func TestGrantsAreUsed(t *testing.T) {
	all := packages(t)
	imports := func(dir string, is func(path string) bool) bool {
		return slices.ContainsFunc(all[dir], func(f *file) bool { return slices.ContainsFunc(f.imports, is) })
	}
	for dir, grants := range mayImport {
		for _, p := range strings.Fields(grants) {
			used := imports(dir, func(path string) bool { return path == module+p })
			assert.True(t, used, "mayImport lets %s import %s, which it does not", dir, p)
		}
	}
	for dependency, users := range outside {
		for _, dir := range strings.Fields(users) {
			used := imports(dir, func(path string) bool { return strings.HasPrefix(path+"/", dependency+"/") })
			assert.True(t, used, "outside lets %s import %s, which it does not", dir, dependency)
		}
	}
}

func TestTableHasNoCycle(t *testing.T) {
	var visit func(dir string, way []string)
	visit = func(dir string, way []string) {
		require.False(t, slices.Contains(way, dir), "%v back to %s", way, dir)
		for _, p := range strings.Fields(mayImport[dir]) {
			visit(p, append(slices.Clip(way), dir))
		}
	}
	for dir := range mayImport {
		visit(dir, nil)
	}
}
