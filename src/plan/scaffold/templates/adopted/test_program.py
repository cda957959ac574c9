import shutil
import sysconfig


def test_the_program_is_installed() -> None:
    assert shutil.which("@{program}", path=sysconfig.get_path("scripts"))
