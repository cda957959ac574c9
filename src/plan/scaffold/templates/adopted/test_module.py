import @{module}


def test_the_version_is_that_of_the_crate() -> None:
    assert @{module}.version()[0].isdigit()
