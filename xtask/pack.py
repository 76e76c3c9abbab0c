"""Packs what is released: zip files that depend on nothing but what is in them, and their checksums.

    pack.py zip OUT NAME=FILE...   each FILE as NAME; what may be executed there, may be executed when unpacked
    pack.py sums FOLDER            SHA256SUMS of all other files of FOLDER, as `sha256sum --check` reads it
"""

import hashlib
import os
import pathlib
import sys
import zipfile

# The first day that a zip file can name.
MOMENT = (1980, 1, 1, 0, 0, 0)
UNIX = 3


def pack(out, members):
    """Writes `members`, files by the names that they have inside, to the zip file `out`."""
    with zipfile.ZipFile(out, "w") as archive:
        for name, file in sorted(members.items()):
            file = pathlib.Path(file)
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.create_system = UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if os.access(file, os.X_OK) else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, file.read_bytes(), compresslevel=9)


def sums(folder):
    """The checksums of the files of `folder`, by name."""
    files = sorted(file for file in pathlib.Path(folder).iterdir() if file.is_file() and file.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def main(arguments):
    match arguments:
        case ["zip", out, *members] if members and all("=" in member for member in members):
            pack(out, dict(member.split("=", 1) for member in members))
        case ["sums", folder]:
            (pathlib.Path(folder) / "SHA256SUMS").write_text(sums(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
