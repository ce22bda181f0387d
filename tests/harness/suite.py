"""suite - runs the test files of a folder, several at a time, each as a process of its own with its own servers

Longest first: most of a file's time is waiting for servers, so there are more at a time than cores (POSTDESK_JOBS). What a
failing file said, and the ends of its desk's logs, are printed at the end; the last line is "N passed, N
failed". A file may say, each on a line of its own:

    TIME_LIMIT = 300    seconds for the whole file (default 180)
    ALONE = True        measures time or fills the machine: nothing else runs beside it

A test that cannot run, a file that does not end and a skipped test count as failed.
"""


import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness.desk import die_with_parent

TESTS = pathlib.Path(__file__).resolve().parent.parent
DEFAULT_LIMIT = 180
CLEAN_UP_SECONDS = 20
RUNNING = []  # every Popen so far
RESULT = re.compile(r"^RESULT (passed|failed) (\S+) ([0-9.]+)$", re.M)


class TestFile:
    def __init__(self, path):
        text = path.read_text()
        self.path = path
        self.name = path.stem.removeprefix("test_")
        limit = re.search(r"^TIME_LIMIT = (\d+)$", text, re.M)
        self.limit = int(limit[1]) if limit else DEFAULT_LIMIT
        self.is_alone = re.search(r"^ALONE = True$", text, re.M) is not None


def run_file(test, build, scratch):
    """(text, rows of (verdict, name, seconds)); a group of its own, so that nothing survives it."""
    place = scratch / test.name
    place.mkdir(mode=0o755)
    environment = {**os.environ, "POSTDESK_BUILD": str(build), "TMPDIR": str(place),
                   "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen([sys.executable, "-m", "harness.runner", test.path],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True,
                               preexec_fn=die_with_parent)
    RUNNING.append(process)
    try:
        text, _ = process.communicate(timeout=test.limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        text = process.communicate()[0] + f"\n{test.name}: not ended after {test.limit} s\n"
    rows = RESULT.findall(text)
    if process.returncode != 0 and not any(verdict == "failed" for verdict, _, _ in rows):
        rows.append(("failed", f"{test.name}.the_file_itself", "0"))
    return text, rows


def end_running():
    """Tests that still run when we are interrupted: they stop their servers themselves."""
    running = [process for process in RUNNING if process.poll() is None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(CLEAN_UP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def report(test, rows, seconds):
    failed = [name for verdict, name, _ in rows if verdict == "failed"]
    state = "FAILED" if failed else "ok"
    print(f"{state:7}{test.name:28}{len(rows) - len(failed):4} passed {len(failed):3} failed "
          f"{seconds:6.1f} s", flush=True)
    for name in failed:
        print(f"       - {name}", flush=True)


def chosen(folder, names):
    tests = [TestFile(path) for path in sorted(folder.glob("test_*.py"))]
    unknown = set(names) - {test.name for test in tests}
    if unknown:
        sys.exit(f"run-all: no such test: {', '.join(sorted(unknown))}")
    return [test for test in tests if not names or test.name in names]


def make_cluster(folder):
    """An empty database that the servers of all files begin with a copy of (harness.servers)."""
    subprocess.run([TESTS / "servers" / "servers", "cluster", folder], stdin=subprocess.DEVNULL, check=True)
    os.environ["POSTDESK_CLUSTER"] = str(folder)


def run_group(tests, jobs, build, scratch, results):
    def one(test):
        begun = time.monotonic()
        text, rows = run_file(test, build, scratch)
        report(test, rows, time.monotonic() - begun)
        results.append((test, text, rows))

    tests = sorted(tests, key=lambda test: -test.limit)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            list(pool.map(one, tests))
        except BaseException:  # an interrupt: the pool would wait for what still runs
            pool.shutdown(wait=False, cancel_futures=True)
            end_running()
            raise


def print_failures(results):
    for test, text, rows in results:
        if any(verdict == "failed" for verdict, _, _ in rows):
            print(f"\n======== {test.name} ========\n{RESULT.sub('', text).strip()}")


def main(folder, usage):
    """Run the tests of a folder, as the command line says: BUILD_DIR [NAME…]. Ends the program."""
    if len(sys.argv) < 2:
        sys.exit(usage)
    build = pathlib.Path(sys.argv[1]).resolve()
    tests = chosen(folder, sys.argv[2:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"pd-{folder.name}-"))
    scratch.chmod(0o755)  # the servers run as another user
    results = []
    try:
        make_cluster(scratch / "cluster")
        jobs = int(os.environ.get("POSTDESK_JOBS", 2 * (os.cpu_count() or 1)))
        run_group([t for t in tests if not t.is_alone], jobs, build, scratch, results)
        run_group([t for t in tests if t.is_alone], 1, build, scratch, results)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print_failures(results)
    verdicts = [verdict for _, _, rows in results for verdict, _, _ in rows]
    failed = verdicts.count("failed")
    print(f"\n{len(verdicts) - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not verdicts else 0)
