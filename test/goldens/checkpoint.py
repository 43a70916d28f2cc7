"""A checkpoint as Python's safetensors package reads it, with nothing of this library.

    pip install safetensors numpy
    python checkpoint.py file.safetensors > checkpoint.json

`base64` is the file; `sha256` says whether the digest in its metadata is that of the file with the digest's own 64 digits
taken as zeros; `tensors` are the arrays, infinities and NaN as text.
"""
import base64
import hashlib
import json
import sys

import numpy as np
import safetensors

path = sys.argv[1]
with open(path, "rb") as f:
    data = f.read()
with safetensors.safe_open(path, "numpy") as f:
    metadata = f.metadata()
    arrays = {name: f.get_tensor(name) for name in sorted(f.keys())}

digest = metadata["sha256"]
blank = data.replace(f'"sha256":"{digest}"'.encode(), f'"sha256":"{"0" * 64}"'.encode())


def number(x):
    return x if isinstance(x, (bool, int)) or np.isfinite(x) else str(x)


print(
    json.dumps(
        {
            "made_with": safetensors.__version__,
            "base64": base64.b64encode(data).decode(),
            "guidepost": metadata["guidepost"],
            "format": metadata["format"],
            "about": json.loads(metadata["about"]),
            "outline": json.loads(metadata["outline"]),
            "sha256": hashlib.sha256(blank).hexdigest() == digest,
            "tensors": {
                name: {
                    "dtype": str(array.dtype),
                    "shape": array.shape,
                    "values": [number(x.item()) for x in array.ravel()],
                }
                for name, array in arrays.items()
            },
        }
    )
)
