"""IDX files of every type, written with NumPy's big-endian dtypes, beside their values.

    pip install numpy
    python idx.py > idx.json
"""
import base64
import json
import struct

import numpy as np

FILES = {
    "uint8": (0x08, ">u1", [[[0, 1, 2], [127, 128, 255]], [[3, 4, 5], [6, 7, 8]]]),
    "int8": (0x09, ">i1", [-128, -1, 0, 1, 127]),
    "int16": (0x0B, ">i2", [[-32768, -2], [258, 32767]]),
    "int32": (0x0C, ">i4", [[-2147483648, -3, 16909060], [0, 1, 2147483647]]),
    "float32": (0x0D, ">f4", [1.5, -0.25, 3.4028234663852886e38, 1e-45, 0.1]),
    "float64": (0x0E, ">f8", [[1.5], [-0.1], [1.7976931348623157e308], [5e-324]]),
}


def file(code, dtype, values):
    array = np.array(values, dtype)
    header = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return {
        "base64": base64.b64encode(header + array.tobytes()).decode(),
        "shape": array.shape,
        "values": [x.item() for x in array.ravel()],
    }


print(json.dumps({name: file(*spec) for name, spec in FILES.items()}))
