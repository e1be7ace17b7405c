"""Draws images, and moves a net's weights, so that no ReLU and no max pooling decides within rounding of a tie.

Where the input of a ReLU is zero up to rounding, or two values of a window of a max pooling are the same up to rounding,
float32 and float64 may decide otherwise, and a gradient changes by a whole term: that says nothing about who computes
it. So, in the training pass that is to be compared, from the first layer to the last, a bias in front of a ReLU is moved
by so little that zero is in the middle of a gap between the channel's values, where it was not; and a filter in front of
a max pooling is drawn again until the largest values of all windows of its channel are apart.
"""
import torch
import torch.nn.functional as F
from torch import nn

# In standard deviations: how far from zero inputs of a ReLU shall be at least, and the largest two of a window apart.
MARGIN, TIE = 2.5e-4, 5e-5


class Tie(Exception):
    pass


def images(net, *shape):
    """Returns images for which net, of float64 and in training, decides clearly, and moves its weights."""
    x = torch.randn(*shape).double()
    while True:
        hooks = Hooks(net)
        try:
            with torch.no_grad():
                net(x)
            return x
        except Tie:
            continue
        finally:
            hooks.remove()


class Hooks:
    def __init__(self, net):
        self.last = None  # the layer that has the bias in front of what comes next
        self.filters = None  # the weights of the last convolution
        self.direct = True  # whether that is added to it, and not weighed by an attention before
        self.moved = False
        self.handles, self.patched = [], []
        for m in net.modules():
            if isinstance(m, nn.ReLU):
                self.before(m, self.relu)
            elif isinstance(m, nn.MaxPool2d):
                self.before(m, self.pool)
            elif isinstance(m, (nn.BatchNorm2d, nn.Conv2d, nn.Linear)) and m.bias is not None:
                self.before(m, self.biased)
            if isinstance(m, nn.Conv2d):
                self.before(m, self.convolved)
            if isinstance(getattr(m, "se", None), nn.Module):
                self.attention(m)

    def before(self, m, hook):
        self.handles.append(m.register_forward_pre_hook(hook))

    def remove(self):
        for h in self.handles:
            h.remove()
        for m in self.patched:
            del m.forward

    def biased(self, m, _):
        self.last, self.direct = m, True

    def convolved(self, m, _):
        self.filters = m.weight

    def relu(self, _, args):
        x, = args
        by = shift(x.transpose(0, 1).flatten(1))
        if not by.any():
            return None
        if self.direct:
            self.last.bias += by
            return x + by.reshape(1, -1, *[1] * (x.ndim - 2))
        self.last.bias += 2 * by  # sigmoids are about a half
        self.moved = True
        return None

    def pool(self, m, args):
        x, = args
        windows = F.pad(x, [m.padding] * 4, value=-torch.inf).unfold(2, m.kernel_size, m.stride).unfold(3, m.kernel_size, m.stride)
        first, second = windows.flatten(4).topk(2).values.unbind(-1)
        tied = (first - second < TIE * x.std()) & (first != 0)  # behind a ReLU zeros have no gradient
        channels = tied.transpose(0, 1).flatten(1).any(1)
        if channels.any():
            w = self.filters
            w[channels] = torch.randn_like(w[channels]) * w.std()
            raise Tie

    def attention(self, block):
        """The bias behind which an attention follows is moved a little, and the block run again, until all are clear."""
        norm = [None]

        def enter(*_):
            norm[0] = self.last

        def leave(*_):
            self.last, self.direct = norm[0], False

        self.before(block.se, enter)
        self.handles.append(block.se.register_forward_hook(leave))
        forward = block.forward

        def again(x):
            for _ in range(100):
                self.moved = False
                y = forward(x)
                if not self.moved:
                    return y
            raise RuntimeError("an attention's block does not come clear")

        block.forward = again
        self.patched.append(block)


def shift(v):
    """What to add to each row of v so that its values keep away from zero: 0 where they do."""
    scale = v.std(dim=1, keepdim=True) if v.shape[1] > 8 else v.std().expand(len(v), 1)
    v = v.sort(dim=1).values
    v = torch.cat([v[:, :1] - scale, v, v[:, -1:] + scale], 1)
    width, centre = v[:, 1:] - v[:, :-1], (v[:, 1:] + v[:, :-1]) / 2
    nearest = centre.abs().where(width > 16 * MARGIN * scale, torch.inf).min(1)
    widest = width.where(centre.abs() < scale / 2, 0).max(1)
    gap = nearest.indices.where(nearest.values < scale[:, 0] / 2, widest.indices)[:, None]
    near = v.abs().min(1).values
    better = (near < MARGIN * scale[:, 0]) & (width.gather(1, gap)[:, 0] / 2 > near)
    return -centre.gather(1, gap)[:, 0] * better
