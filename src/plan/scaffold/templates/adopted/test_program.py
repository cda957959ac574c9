import shutil
import sysconfig


def test_the_program_is_installed():
    assert shutil.which("@{program}", path=sysconfig.get_path("scripts"))
