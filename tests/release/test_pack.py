"""What `cargo xtask dist` packs: the same files give the same bytes."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

PACK = pathlib.Path(__file__).parents[2] / "xtask/pack.py"


def pack(*arguments, mask=0o022):
    return subprocess.run([sys.executable, PACK, *map(str, arguments)], preexec_fn=lambda: os.umask(mask)).returncode


class Pack(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content, mode, moment):
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        os.utime(file, (moment, moment))
        return file

    def test_the_same_files_give_the_same_bytes(self):
        packed = []
        # Other places, times, rights of group and others, order and mask.
        for place, moment, bits, mask in [("here", 1_000_000_000, 0o000, 0o077), ("there", 1_700_000_000, 0o055, 0o000)]:
            program = self.write(f"{place}/program", b"\x7fELF" * 10_000, 0o700 | bits, moment)
            licence = self.write(f"{place}/LICENSE", b"as you like\n", 0o600 | (bits & 0o044), moment)
            members = [f"bootstrap={program}", f"LICENSE={licence}"]
            if place == "there":
                members.reverse()
            out = self.folder / f"{place}.zip"
            self.assertEqual(pack("zip", out, *members, mask=mask), 0)
            packed.append(out.read_bytes())
        self.assertEqual(packed[0], packed[1])

    def test_a_program_can_be_executed_and_everybody_may_read(self):
        program = self.write("in/program", b"\x7fELF", 0o700, 0)
        licence = self.write("in/LICENSE", b"as you like\n", 0o600, 0)
        out = self.folder / "out.zip"
        self.assertEqual(pack("zip", out, f"bootstrap={program}", f"LICENSE={licence}"), 0)
        with zipfile.ZipFile(out) as archive:
            modes = [(entry.filename, oct(entry.external_attr >> 16)) for entry in archive.infolist()]
            self.assertEqual(archive.read("bootstrap"), b"\x7fELF")
        self.assertEqual(modes, [("LICENSE", "0o100644"), ("bootstrap", "0o100755")])

    def test_the_sums_are_those_of_all_files(self):
        self.write("dist/b.zip", b"b", 0o644, 0)
        self.write("dist/a.zip", b"a", 0o644, 0)
        for _ in range(2):
            self.assertEqual(pack("sums", self.folder / "dist"), 0)
        expected = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}.zip\n" for name in "ab")
        self.assertEqual((self.folder / "dist/SHA256SUMS").read_text(), expected)

    def test_what_is_not_understood_is_refused(self):
        for arguments in [[], ["zip"], ["zip", "out.zip"], ["zip", "out.zip", "no-name"], ["sums"]]:
            self.assertEqual(pack(*arguments), 2, arguments)


if __name__ == "__main__":
    unittest.main()
