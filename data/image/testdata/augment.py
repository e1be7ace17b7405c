"""Writes augment.json: hashes of what torchvision's operations on PIL images make of the picture of pillow.py, the middle
that its RandomResizedCrop takes when nothing fits, and all strengths of TrivialAugmentWide and RandAugment for a picture. Run beside this file: pip install torch torchvision && python3 augment.py"""
import hashlib
import json

import numpy
from PIL import Image
from torchvision.transforms import InterpolationMode, RandAugment, RandomResizedCrop, TrivialAugmentWide, autoaugment
from torchvision.transforms import functional as F

from pillow import picture

rows = []
sizes = [(33, 47), (64, 64), (20, 9), (1, 1)]


def colours(h, w):
    """All kinds of colours: picture has few saturated ones."""
    y, x = numpy.mgrid[0:h, 0:w]
    return numpy.stack([x * 5 % 256, y * 7 % 256, (x * y) % 256], -1).astype(numpy.uint8)


def add(source, h, w, name, x, image):
    digest = hashlib.sha256(numpy.asarray(image).tobytes()).hexdigest()[:16]
    rows.append([source, h, w, name, x, digest])


for source, make in (("picture", lambda h, w: picture(h, w, 3)), ("colours", colours)):
    for h, w in sizes:
        image = Image.fromarray(make(h, w))
        for name, (magnitudes, signed) in TrivialAugmentWide()._augmentation_space(31).items():
            values = magnitudes[[0, 1, 7, 20, 30]].tolist() if magnitudes.ndim else [0.0]
            for x in sorted({s * v for v in values for s in ((1, -1) if signed else (1,))}):
                add(source, h, w, name, x, autoaugment._apply_op(image, name, x, InterpolationMode.NEAREST, None))
        for f in (0.0, 0.3, 1.0, 1.7, 2.5):
            add(source, h, w, "brightness", f, F.adjust_brightness(image, f))
            add(source, h, w, "contrast", f, F.adjust_contrast(image, f))
            add(source, h, w, "saturation", f, F.adjust_saturation(image, f))
        for f in (-0.5, -0.31, -0.001, 0.0, 0.1, 0.25, 0.5):
            add(source, h, w, "hue", f, F.adjust_hue(image, f))
        add(source, h, w, "flip", 0, F.hflip(image))
        add(source, h, w, "resized crop", 0, F.resized_crop(image, 0, 0, (h + 1) // 2, (w + 2) // 3, [17, 17]))
parts = []
for h, w in ((10, 10), (10, 400), (400, 10), (7, 10), (10, 14), (1, 9), (9, 1), (101, 333)):
    parts.append([h, w, *RandomResizedCrop.get_params(Image.new("L", (w, h)), [2.0, 2.0], [3 / 4, 4 / 3])])
space = {}
for policy, of in (("wide", TrivialAugmentWide()._augmentation_space(31)), ("narrow", RandAugment()._augmentation_space(31, (500, 331)))):
    space[policy] = {name: [m.tolist() if m.ndim else [0.0] * 31, signed] for name, (m, signed) in of.items()}
# By how many pixels RandAugment moves pictures of 1 to 1024 pixels, at each strength.
moves = [int(x) for w in range(1, 1025) for x in RandAugment()._augmentation_space(31, (1, w))["TranslateX"][0].tolist()]
moved = hashlib.sha256(numpy.array(moves, "<i4").tobytes()).hexdigest()[:16]
with open("augment.json", "w") as f:
    f.write('{"rows": [\n%s\n],\n"parts": %s,\n"space": %s,\n"moved": %s}\n'
            % (",\n".join(json.dumps(r) for r in rows), json.dumps(parts), json.dumps(space), json.dumps(moved)))
