package image_test

import (
	"fmt"

	"github.com/residuum-go/residuum/data/image"
)

// What a network for ImageNet is given: the short side made 256 pixels long, and the middle of it cut out.
func Example() {
	photo, err := image.Load("testdata/pictures/progressive.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	input := photo.ShortSide(256, image.Bilinear).CentreCrop(224, 224)
	fmt.Printf("%dx%d pixels become %dx%d\n", photo.Height, photo.Width, input.Height, input.Width)
	// Output: 23x37 pixels become 224x224
}
