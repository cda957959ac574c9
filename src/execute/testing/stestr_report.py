"""Prints one JSON object per line for each test of stestr's last run.

usage: stestr_report.py PROGRAM...   (what starts stestr)
"""

import io
import json
import re
import subprocess
import sys

import subunit
import testtools

OUTCOMES = {"success": "passed", "skip": "skipped", "xfail": "skipped"}
LONGEST = 20_000  # characters of what a failing test says


def say(test):
    begun, ended = test["timestamps"]
    texts = [detail.as_text() for detail in test["details"].values()]
    message = "\n".join(filter(None, (text.strip() for text in texts)))
    places = re.findall(r'File "([^"\n]+)", line (\d+)', message)
    if places:
        message = message.splitlines()[-1] + "\n\n" + message
    case = {
        "event": "case",
        "test": test["id"],
        "outcome": OUTCOMES.get(test["status"], "failed"),
        "seconds": (ended - begun).total_seconds() if begun and ended else None,
        "place": [places[-1][0], int(places[-1][1])] if places else None,
        "message": "" if test["status"] == "success" else message[:LONGEST],
    }
    if test["status"] != "exists":
        print(json.dumps(case))


run = subprocess.run(sys.argv[1:] + ["last", "--subunit"], stdout=subprocess.PIPE, check=False)
result = testtools.StreamToDict(say)
result.startTestRun()
subunit.ByteStreamToStreamResult(io.BytesIO(run.stdout), non_subunit_name="other").run(result)
result.stopTestRun()
