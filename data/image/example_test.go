package image_test

import (
	"fmt"

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
