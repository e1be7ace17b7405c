package tile

//go:generate go run -C ../../_asm ./gemm -out ../gemm/tile/tile_amd64.s -stubs ../gemm/tile/stubs_amd64.go -pkg tile
//go:generate go run -C ../../_asm ./neon/gemm -out ../gemm/tile/tile_arm64.s -stubs ../gemm/tile/stubs_arm64.go
