// Package clothes holds the trained net that examples begin with: it knows the ten classes of Fashion-MNIST. The program
// examples/classify has made it.
package clothes

import _ "embed"

// Net is a file that resnet.FromFile takes, as it is on disk.
//
//go:generate go run ../../classify -train fashion.safetensors
//go:embed fashion.safetensors
var Net []byte
