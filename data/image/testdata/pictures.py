"""Writes the pictures of folder pictures, of every kind that Decode reads, and pictures.json: for each the size that
ImageOps.exif_transpose(Image.open(...)).convert("RGB") gives and its bytes in base 64, compressed by zlib.
Run beside this file: pip install pillow numpy && python3 pictures.py"""
import base64
import json
import pathlib
import zlib

import numpy
import PIL
from PIL import Image, ImageOps

here = pathlib.Path(__file__).parent
folder = here / "pictures"
folder.mkdir(exist_ok=True)
rng = numpy.random.default_rng(7)


def photo(h, w):
    y, x = numpy.mgrid[0:h, 0:w]
    waves = [128 + 90 * numpy.sin(x / 9) + 30 * numpy.cos(y / 5), 128 + 100 * numpy.cos((x + y) / 17), (3 * x + 2 * y) % 256]
    return numpy.clip(numpy.stack(waves, -1) + rng.normal(0, 6, (h, w, 3)), 0, 255).astype(numpy.uint8)


def save(name, image, **options):
    image.save(folder / name, **options)


rgb = Image.fromarray(photo(23, 37))
alpha = Image.fromarray(numpy.dstack([photo(9, 11), rng.integers(0, 256, (9, 11), dtype=numpy.uint8)]))
grey16 = Image.fromarray(numpy.arange(12 * 7, dtype=numpy.uint16).reshape(12, 7) * 5)
save("rgb.png", rgb)
save("rgb.bmp", rgb)
save("grey.png", rgb.convert("L"))
save("grey.bmp", rgb.convert("L"))
save("grey16.png", grey16)
save("bit.png", rgb.convert("1"))
save("palette.png", rgb.quantize(13))
save("palette-clear.png", rgb.quantize(13), transparency=3)
save("alpha.png", alpha)
save("grey-alpha.png", alpha.convert("LA"))
save("palette.gif", rgb.quantize(17))
save("palette-clear.gif", rgb.quantize(17), transparency=3)
save("lossless.webp", rgb, lossless=True)
save("alpha-lossless.webp", alpha, lossless=True, exact=True)
for i, (h, w) in enumerate([(23, 37), (16, 16), (1, 5), (40, 3), (8, 4)]):
    save(f"lossy{i}.webp", Image.fromarray(photo(h, w)), quality=80)
    for sampling in (0, 1, 2):
        save(f"photo{i}-{sampling}.jpg", Image.fromarray(photo(h, w)), quality=88, subsampling=sampling)
save("alpha.webp", alpha, quality=80)
save("progressive.jpg", rgb, quality=80, progressive=True)
save("grey.jpg", rgb.convert("L"), quality=90)
save("cmyk.jpg", rgb.convert("CMYK"), quality=95)
save("keep-rgb.jpg", rgb, quality=80, keep_rgb=True, subsampling=0)
save("restart.jpg", rgb, quality=80, subsampling=2, restart_marker_blocks=2)
save("progressive-restart.jpg", rgb, quality=97, subsampling=1, progressive=True, restart_marker_blocks=1)


def rewrite(name, source, factors=None, size=None, adobe=None):
    """Writes a picture of kinds that Pillow does not write: another file with the factors of its luma, its size, or
    Adobe's transform replaced. There are as many blocks, if in other places."""
    data, at = bytearray((folder / source).read_bytes()), 2
    while data[at + 1] != 0xC0:
        if data[at + 1] == 0xEE and adobe is not None:
            data[at + 15] = adobe
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    if factors:
        data[at + 5:at + 9] = size[0].to_bytes(2, "big") + size[1].to_bytes(2, "big")
        data[at + 11] = factors
    (folder / name).write_bytes(data)


rewrite("ycck.jpg", "cmyk.jpg", adobe=2)
rewrite("440.jpg", "photo0-1.jpg", 0x12, (45, 21))
rewrite("411.jpg", "photo0-2.jpg", 0x41, (13, 90))
for turn in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = turn
    save(f"turn{turn}.jpg", Image.fromarray(photo(6, 9)), quality=92, subsampling=0, exif=exif)
exif = Image.Exif()
exif[0x0112] = 6
save("turned.png", rgb, exif=exif)
save("turned.webp", rgb, lossless=True, exif=exif)

rows = {}
for path in sorted(folder.iterdir()):
    got = numpy.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    rows[path.name] = {"height": got.shape[0], "width": got.shape[1], "rgb": base64.b64encode(zlib.compress(got.tobytes(), 9)).decode()}
(here / "pictures.json").write_text(json.dumps({"pillow": PIL.__version__, "pictures": rows}, indent=0) + "\n")
