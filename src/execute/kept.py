import os
import sys


class Kept:
    modules = {{{modules}}}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name not in cls.modules:
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, cls.modules[name])


if {installing} not in os.environ:
    packages = os.path.realpath({packages})
    at = [os.path.realpath(folder) for folder in sys.path].index(packages)
    sys.path.insert(at, {installed})
    sys.path += [folder for folder in [{folders}] if folder not in sys.path]
    sys.meta_path.insert(0, Kept)
