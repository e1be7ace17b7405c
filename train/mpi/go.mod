module github.com/residuum-go/residuum/train/mpi

go 1.26.0

replace github.com/residuum-go/residuum => ../..

require (
	github.com/ebitengine/purego v0.11.3
	github.com/residuum-go/residuum v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/gofrs/flock v0.13.2 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.50.0 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)
