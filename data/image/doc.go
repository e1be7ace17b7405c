// Package image decodes photographs and brings them to the size that a network wants, with the pixels that Pillow gives,
// the library that most published networks were trained with.
//
// An [Image] is bytes in the order of rows, pixels and channels, as package data keeps its sets. [Decode] reads PNG, JPEG,
// GIF, WebP and BMP and converts them to RGB or grey as Pillow does, orientation included; [Resize] equals Pillow's
// Image.resize bit for bit; [ShortSide] and [CentreCrop] are torchvision's Resize and CenterCrop.
package image
