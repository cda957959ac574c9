"""What an interpreter reports about itself, as one JSON object."""

import importlib.machinery
import json
import os
import struct
import sys
import sysconfig

if os.name == "nt":
    suffix = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    library = "python%d%d" % sys.version_info[:2] + suffix
    names = ["%s.lib" % library, "lib%s.a" % library]
    folders = [os.path.join(sys.base_prefix, "libs")]
else:
    library = "python" + (sysconfig.get_config_var("LDVERSION") or "%d.%d" % sys.version_info[:2])
    names = ["lib%s.so" % library, "lib%s.dylib" % library]
    folders = [sysconfig.get_config_var("LIBDIR"), os.path.join(sys.base_prefix, "lib")]
multiarch = sysconfig.get_config_var("MULTIARCH")
if multiarch and folders[0]:
    folders.append(os.path.join(folders[0], multiarch))
shared = [d for d in folders if d and any(os.path.exists(os.path.join(d, n)) for n in names)]


def glibc():
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
        return [int(part) for part in version.split(".")[:2]] if name == "glibc" else None
    except (AttributeError, OSError, ValueError):
        return None


built_for = sysconfig.get_config_var("LIBDIR") or ""
json.dump(
    {
        "implementation": sys.implementation.name,
        "major": sys.version_info[0],
        "minor": sys.version_info[1],
        "bits": struct.calcsize("P") * 8,
        "suffixes": importlib.machinery.EXTENSION_SUFFIXES,
        "base_prefix": sys.base_prefix,
        "libdir": shared[0] if shared else None,
        "link_name": library,
        "glibc": glibc(),
        # python-build-standalone is configured for /install and unpacked anywhere
        # on Windows Python looks for itself beside its library
        "moved": os.name != "nt" and (os.path.exists(os.path.join(sys.base_prefix, "BUILD")) or not built_for.startswith((sys.base_prefix, "/usr/lib"))),
    },
    sys.stdout,
)
