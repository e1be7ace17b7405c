package resnet

// ResNet18 describes the net of He et al. 2016a, table 1, for RGB images of 224x224: basic blocks, [2, 2, 2, 2] of
// them. Its parameters are those of torchvision's resnet18, 11,689,512 numbers for 1000 classes.
// Other fields can be changed before [New], Image and Kind among them.
func ResNet18(classes int) Config { return imageNet(classes, false, 2, 2, 2, 2) }

// ResNet50 describes the net of He et al. 2016a, table 1, for RGB images of 224x224: bottleneck blocks, [3, 4, 6, 3] of
// them. Its parameters are those of torchvision's resnet50, 25,557,032 numbers for 1000 classes.
// Other fields can be changed before [New], Image and Kind among them.
func ResNet50(classes int) Config { return imageNet(classes, true, 3, 4, 6, 3) }

func imageNet(classes int, bottleneck bool, blocks ...int) Config {
	return Config{
		Kind: Original, Bottleneck: bottleneck, Blocks: blocks, Width: 64, Shortcut: OptionB,
		Image: Shape{224, 224, 3}, Classes: classes, StemSize: 7, StemStride: 2, StemPool: true,
	}
}
