"""Runs the aws command line for each request that arrives as a line of JSON, in this process: a new one costs a second.

A request is {"args": [...], "environment": {...}}, an answer {"code": n, "stdout": "...", "stderr": "..."}.
"""

import contextlib
import io
import json
import os
import sys

from awscli.clidriver import create_clidriver


# One for each account: it reads the environment once and keeps what it learnt about the services.
drivers = {}


def run(args):
    key = os.environ["AWS_ACCESS_KEY_ID"]
    if key not in drivers:
        drivers[key] = create_clidriver()
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            code = drivers[key].main(args)
        except SystemExit as end:
            code = end.code
    return {"code": code, "stdout": stdout.getvalue(), "stderr": stderr.getvalue()}


for line in sys.stdin:
    request = json.loads(line)
    os.environ.update(request["environment"])
    print(json.dumps(run(request["args"])), flush=True)
