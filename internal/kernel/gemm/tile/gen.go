package tile

//go:generate go run -C ../../_asm ./gemm -out ../gemm/tile/tile_amd64.s -stubs ../gemm/tile/tile_amd64.go -pkg tile
//go:generate go run -C ../../_asm ./neon/gemm -out ../gemm/tile/tile_arm64.s -declarations ../gemm/tile/tile_arm64.go
