"""Makes the manual pages of one section: pages.py PROGRAM SCDOC SECTION FOLDER

PROGRAM says which pages there are and writes each for scdoc (pages.c); so no list of commands stands anywhere besides theirs.
"""

import pathlib
import shutil
import subprocess
import sys


def output_of(*command, text=None):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"pages.py: {' '.join(command)}: exit code {done.returncode}")
    return done.stdout


def main():
    program, scdoc, section, folder = sys.argv[1:]
    place = pathlib.Path(folder)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in output_of(program, "list").decode().split():
        if name.endswith(f".{section}"):
            (place / name).write_bytes(output_of(scdoc, text=output_of(program, name)))


main()
