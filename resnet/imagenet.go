package resnet

// ResNet18 describes the net of He et al. 2016a, table 1, for RGB images of 224x224: basic blocks, [2, 2, 2, 2] of
// them. Its parameters are those of torchvision's resnet18, 11,689,512 numbers for 1000 classes.
// Other fields can be changed before [New], Image and Kind among them.
func ResNet18(classes int) Config { return imageNet(classes, false, 2, 2, 2, 2) }

// ResNet50 describes the net of He et al. 2016a, table 1, for RGB images of 224x224: bottleneck blocks, [3, 4, 6, 3] of
// them. Its parameters are those of torchvision's resnet50, 25,557,032 numbers for 1000 classes.
// Other fields can be changed before [New], Image and Kind among them.
func ResNet50(classes int) Config { return imageNet(classes, true, 3, 4, 6, 3) }

// ResNeXt50 describes ResNeXt-50 32x4d of Xie et al. 2017, table 1: [ResNet50] with inner layers of 32 groups. Its
// parameters are those of torchvision's resnext50_32x4d, 25,028,904 numbers for 1000 classes.
func ResNeXt50(classes int) Config {
	c := ResNet50(classes)
	c.Groups, c.GroupWidth = 32, 4
	return c
}

// WideResNet50 describes Wide ResNet-50-2 of Zagoruyko and Komodakis 2016, table 8: [ResNet50] with inner layers twice as
// wide. Its parameters are those of torchvision's wide_resnet50_2, 68,883,240 numbers for 1000 classes.
func WideResNet50(classes int) Config {
	c := ResNet50(classes)
	c.GroupWidth = 2 * c.Width
	return c
}

func imageNet(classes int, bottleneck bool, blocks ...int) Config {
	return Config{
		Kind: Original, Bottleneck: bottleneck, Blocks: blocks, Width: 64, Shortcut: OptionB,
		Image: Shape{224, 224, 3}, Classes: classes, StemSize: 7, StemStride: 2, StemPool: true,
	}
}
