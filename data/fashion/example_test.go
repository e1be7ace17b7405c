package fashion_test

import (
	"fmt"

	"github.com/residuum-go/residuum/data/fashion"
)

func Example() {
	split := fashion.Embedded()
	fmt.Println(split.Train.Len(), "training images,", split.Test.Len(), "test images")
	fmt.Println("the first is a", fashion.Classes[split.Train.Labels[0]])
	// Output:
	// 10000 training images, 2000 test images
	// the first is a T-shirt/top
}
