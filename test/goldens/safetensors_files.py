"""Files written by the safetensors package, beside their values.

    pip install safetensors numpy ml_dtypes
    python safetensors_files.py > safetensors_files.json

With the path of a file as argument it reads that file with the package and prints what is in it:

    python safetensors_files.py file.safetensors
"""
import base64
import json
import sys

import ml_dtypes
import numpy as np
import safetensors
from safetensors.numpy import load, save

every = {
    "encoder/w": np.array([[1.5, -0.25, 0.1], [3e38, -1e-45, 0.0]], np.float32),
    "encoder/b": np.array([0.5], np.float32),
    "scalar": np.array(3.25, np.float32),
    "empty": np.zeros((0, 3), np.float32),
    "double": np.array([0.1, -1e300], np.float64),
    "int8": np.array([-128, 127], np.int8),
    "int16": np.array([-32768, 32767], np.int16),
    "int32": np.array([[-2147483648], [2147483647]], np.int32),
    "int64": np.array([-9007199254740993, 9223372036854775807], np.int64),
    "uint8": np.array([0, 128, 255], np.uint8),
    "uint16": np.array([0, 65535], np.uint16),
    "uint32": np.array([4294967295], np.uint32),
    "uint64": np.array([18446744073709551615], np.uint64),
    "bool": np.array([True, False, True], np.bool_),
    'a "name" with ü, 文, \\ and \n': np.array([7], np.int32),
    "10": np.array([10], np.int32),
    "9": np.array([9], np.int32),
}
# Halves: zeros, the smallest and largest subnormal, the smallest and largest normal, a third, infinities, NaN.
halves = {
    "half": np.array([0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0x3555, 0xC000, 0x7C00, 0xFC00, 0x7E01], np.uint16).view(
        np.float16
    ),
    "brain": np.array([0x0000, 0x3F80, 0xC2F7, 0x0001, 0x7F7F, 0x7F80, 0xFF80, 0x7FC0], np.uint16).view(ml_dtypes.bfloat16),
}


def number(x):
    """JSON has no infinities and no NaN, and JavaScript no exact integers beyond 2^53."""
    return x if isinstance(x, bool) or isinstance(x, float) and np.isfinite(x) else str(x)


def values(array):
    wide = array.astype(np.float32) if array.dtype.itemsize == 2 and array.dtype.kind in "fV" else array
    return {"shape": array.shape, "values": [number(x.item()) for x in wide.ravel()]}


def golden(arrays, metadata):
    data = save(arrays, metadata)
    return {
        "base64": base64.b64encode(data).decode(),
        "metadata": metadata or {},
        "tensors": {name: values(array) for name, array in arrays.items()},
    }


if len(sys.argv) > 1:
    with open(sys.argv[1], "rb") as f:
        read = load(f.read())
    with safetensors.safe_open(sys.argv[1], "numpy") as f:
        print("metadata", f.metadata())
    for name, array in sorted(read.items()):
        print(repr(name), array.dtype, array.shape, array.ravel()[:4].tolist())
else:
    print(
        json.dumps(
            {
                "made_with": safetensors.__version__,
                "every": golden(every, {"note": 'ü "quoted"'}),
                "halves": golden(halves, None),
                "none": golden({}, None),
            }
        )
    )
