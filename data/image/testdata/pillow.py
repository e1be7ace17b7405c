"""Writes pillow.json: hashes of what Pillow's Image.resize makes of images of noise and of gradients, by size, filter and
number of channels. Run beside this file: pip install pillow numpy && python3 pillow.py"""
import hashlib
import json

import numpy
import PIL
from PIL import Image

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def picture(height, width, channels):
    """The same bytes as picture in resize_test.go: a linear congruential generator, with smooth parts."""
    out, state = numpy.empty(height * width * channels, numpy.uint8), 1
    for i in range(out.size):
        state = (state * 1664525 + 1013904223) % 2**32
        y, x = i // channels // width, i // channels % width
        out[i] = state >> 24 if (y // 5 + x // 7) % 2 else (3 * x + 5 * y + 40 * (i % channels)) % 256
    return out.reshape(height, width, channels)


def main():
    rows = []
    sizes = [(1, 1), (1, 7), (5, 3), (32, 32), (33, 31), (64, 100), (97, 113), (224, 173), (300, 257)]
    targets = [(1, 1), (2, 9), (7, 5), (32, 32), (33, 47), (64, 64), (224, 224), (255, 301)]
    for channels in (1, 3):
        for h, w in sizes:
            pixels = picture(h, w, channels)
            image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
            for th, tw in targets:
                for name, number in FILTERS.items():
                    got = numpy.asarray(image.resize((tw, th), number)).tobytes()
                    row = [h, w, channels, th, tw, name, hashlib.sha256(got).hexdigest()[:16]]
                    rows.append(row)
    with open("pillow.json", "w") as f:
        f.write('{"pillow": "%s", "rows": [\n%s\n]}\n' % (PIL.__version__, ",\n".join(json.dumps(r) for r in rows)))


if __name__ == "__main__":
    main()
