// Package resnet holds residual networks, and their counterparts without skips.
//
//	net, err := resnet.New(resnet.Config{Depth: 56, Classes: 10}, rng) // for images of 32x32
//	net, err := resnet.New(resnet.ResNet50(1000), rng)                 // for images of 224x224
//
// A [Config] describes a net, [New] builds it as a [Net], and [Block] describes one block of it. For small images there is
// the family of He et al. 2016a, section 4.2: 6n+2 layers in three stages of n blocks with 16, 32 and 64 channels. For
// ImageNet there are [ResNet18] and [ResNet50] of table 1, which have a larger stem, four stages and, in the second,
// bottleneck blocks. [Names] lists all nets that have a name, and [Named] describes one: torchvision's ResNets, ResNeXts,
// Wide ResNets and VGGs, variants of timm's, and Wide ResNets for small images. They have these libraries' parameters, by
// name and shape.
//
// [Load] reads a net from a file: one of [Net.Save], or of others. Of these it finds out from names and shapes what they
// are, see [Recognise], and [Net.Recognised] tells what it had to assume:
//
//	net, _, err := resnet.Load("resnet50-0676ba61.pth")
//	fmt.Println(net.Recognised())
//
// [Net.WithClasses] gives such a net another head, to be tuned on one's own images.
//
// A net is of one of four kinds:
//
//	pre-activation  y = s(x) + conv2(relu(bn2(conv1(relu(bn1(x))))))       He et al. 2016b
//	original        y = relu(s(x) + bn2(conv2(relu(bn1(conv1(x))))))       He et al. 2016a
//	plain           y = relu(bn2(conv2(relu(bn1(conv1(x))))))
//	vgg             y = pool(relu(bn(conv(x)))), pooling in the last block of a stage
//
// where s is the identity, or where the shape changes one of the shortcuts that [Shortcut] lists. Bottleneck blocks have
// a third convolution with its batch norm and ReLU.
//
// A [Net] runs as a whole through Forward, and comes apart into Stem, Skip, Branch, Join and Head for those who delete
// its blocks, reorder them or follow single paths. Both are the same computation:
//
//	y := net.Stem(x)
//	for i := range net.Len() {
//		y = net.Join(i, net.Skip(i, y), net.Branch(i, y))
//	}
//	logits := net.Head(y)
package resnet
