from @{module} import main


def test_the_program_prints_the_distance(capsys):
    assert main(["kitten", "sitting"]) == 0
    assert capsys.readouterr().out == "3\n"
