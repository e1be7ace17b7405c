"""Writes folder.json: files of a folder, and in which order and with which classes torchvision's ImageFolder has them.
Run beside this file: pip install torch torchvision && python3 folder.py"""
import json
import pathlib
import tempfile

from torchvision.datasets import ImageFolder

FILES = """zebra/2.png zebra/10.png zebra/1.PNG zebra/a.txt zebra/b/1.jpg zebra/b-c/1.jpg zebra/b.jpg zebra/B.jpeg zebra/b/c/1.webp
Cat/ä.bmp Cat/z.bmp cat/x.jpg cat/.hidden.jpg cat/noending cat/png c-at/1.png c.at/1.png .dot/1.png loose.png é/1.png""".split()
with tempfile.TemporaryDirectory() as root:
    for name in FILES:
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    folder = ImageFolder(root)
    samples = [[str(pathlib.Path(p).relative_to(root)), c] for p, c in folder.samples]
    with open("folder.json", "w") as f:
        json.dump({"files": FILES, "classes": folder.classes, "samples": samples}, f, ensure_ascii=False, indent=0)
        f.write("\n")
