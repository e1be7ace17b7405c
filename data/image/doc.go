// Package image decodes photographs and brings them to the size that a network wants, with the pixels that Pillow gives,
// the library that most published networks were trained with.
//
// An [Image] is bytes in the order of rows, pixels and channels, as package data keeps its sets. [Decode] reads PNG, JPEG,
// GIF, WebP and BMP and converts them to RGB as Pillow does, orientation included; Image.Resize equals Pillow's own bit
// for bit; ShortSide and CentreCrop are torchvision's Resize and CenterCrop. A [Preset] is what published weights want:
// [PresetOf] knows those of torchvision and timm, and its Tensor goes into a network.
//
// A [Folder] is a set of pictures for training, which are read when they are needed. How they are varied is a function, made
// of those here that draw, [RandomResizedCrop], [RandomFlip], [Jitter], [TrivialAugment] and [RandAugment], and of your
// own:
//
//	vary := func(m *image.Image, rng *rand.Rand) *image.Image {
//		m = image.RandomResizedCrop(m, 224, 0.08, image.Bilinear, rng)
//		return image.TrivialAugment(image.RandomFlip(m, rng), rng)
//	}
package image
