package image_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
)

// A photograph becomes what ResNet-50 with the second weights of torchvision was trained for.
func Example() {
	preset, err := image.PresetOf("resnet50.IMAGENET1K_V2")
	if err != nil {
		fmt.Println(err)
		return
	}
	photo, err := image.Load("testdata/pictures/progressive.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%dx%d pixels become %v\n", photo.Height, photo.Width, preset.Tensor(photo).Shape())
	// Output: 23x37 pixels become [1 224 224 3]
}

// Pictures in folders, one for each class, in batches for training.
func ExampleFolder() {
	root, err := makeFolders() // cat/1.jpg and dog/1.png
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	preset, err := image.PresetOf("IMAGENET1K_V2")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	set, err := image.OpenFolder(ctx, os.DirFS(root), image.FolderConfig{Preset: preset})
	if err != nil {
		fmt.Println(err)
		return
	}
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 2, Norm: preset.Norm, Workers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for batch := range loader.Epoch(ctx) {
		fmt.Println(batch.X.Shape(), batch.Labels, set.Name(batch.Index[1]))
	}
	// Output: [2 224 224 3] [0 1] dog/1.png
}

func makeFolders() (root string, err error) {
	if root, err = os.MkdirTemp("", "pets"); err != nil {
		return "", err
	}
	for to, from := range map[string]string{"cat/1.jpg": "grey.jpg", "dog/1.png": "rgb.png"} {
		b, err := os.ReadFile(filepath.Join("testdata/pictures", from))
		if err != nil {
			return "", err
		}
		path := filepath.Join(root, to)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			return "", err
		}
	}
	return root, nil
}
