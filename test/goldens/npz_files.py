"""Archives written by numpy, beside their values.

    pip install numpy
    python npz_files.py > npz_files.json

With the path of a file as argument it reads that file with numpy and prints what is in it:

    python npz_files.py file.npz
"""
import base64
import io
import json
import sys

import numpy as np


def content(file):
    return {
        name: {"shape": list(file[name].shape), "dtype": str(file[name].dtype), "values": [str(v) for v in file[name].ravel().tolist()]}
        for name in file.files
    }


if len(sys.argv) > 1:
    print(json.dumps(content(np.load(sys.argv[1])), sort_keys=True))
    sys.exit()

arrays = {
    "encoder/w": np.array([[1.5, -0.25, 0.125], [3e38, -1e-45, 0.0]], np.float32),
    "encoder/b": np.array([0.5], np.float32),
    "scalar": np.array(3.25, np.float32),
    "empty": np.zeros((0, 3), np.float32),
    "double": np.array([0.1, -1e300], np.float64),
    "half": np.array([0.5, -2], np.float16),
    "int8": np.array([-128, 127], np.int8),
    "int16": np.array([-32768, 32767], np.int16),
    "int32": np.array([[-2147483648], [2147483647]], np.int32),
    "int64": np.array([-9007199254740993], np.int64),
    "uint8": np.array([0, 255], np.uint8),
    "uint16": np.array([65535], np.uint16),
    "uint32": np.array([4294967295], np.uint32),
    "uint64": np.array([18446744073709551615], np.uint64),
    "bool": np.array([True, False], np.bool_),
}


def archive(save, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return base64.b64encode(out.getvalue()).decode()


print(
    json.dumps(
        {
            "numpy": np.__version__,
            "content": {k: {"shape": list(v.shape), "values": [str(x) for x in v.ravel().tolist()]} for k, v in arrays.items()},
            "savez": archive(np.savez, **arrays),
            "savez_compressed": archive(np.savez_compressed, **arrays),
            "fortran": archive(np.savez, w=np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))),
            "bigEndian": archive(np.savez, w=np.array([1.0], ">f4")),
            "complex": archive(np.savez, w=np.array([1j], np.complex64)),
        },
        indent=1,
    )
)
