#!/usr/bin/env python3
"""Make files a part of the program: write a C file with their names and contents.

    embed.py --function NAME --output OUT.c [--base DIR] FILE…

The C file defines `const struct embedded *NAME(size_t *count_out)` (include/core/embed.h). Contents are
written as numbers: ISO C promises only 4,095 characters in a string literal.
"""

import argparse
import os
import sys

COLUMNS = 100


def name_of(path, base):
    """The name in the table: relative to base with "/", or the last part of the path."""
    name = os.path.relpath(path, base).replace(os.sep, "/") if base else os.path.basename(path)
    if name.startswith("../") or not all(c.isascii() and (c.isalnum() or c in "._/-") for c in name):
        sys.exit(f"embed.py: cannot name {path} as {name!r}")
    return name


def numbers(contents):
    """The bytes and a final 0 as lines of C."""
    lines = [" "]
    for byte in contents + b"\0":
        word = f" {byte},"
        if len(lines[-1]) + len(word) > COLUMNS:
            lines.append(" ")
        lines[-1] += word
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--function", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--base")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()

    table = {}
    for path in options.files:
        name = name_of(path, options.base)
        if name in table:
            sys.exit(f"embed.py: two files are called {name}")
        with open(path, "rb") as file:
            table[name] = file.read()
    rows = sorted(table.items())

    prototype = f"const struct embedded *{options.function}(size_t *count_out)"
    text = ["/* Made by src/core/embed.py. */", '#include "core/embed.h"', "", f"{prototype};", ""]
    for i, (_, contents) in enumerate(rows):
        text += [f"static const unsigned char FILE_{i}[] = {{", numbers(contents), "};", ""]
    text += [f"{prototype}", "{", "    static const struct embedded FILES[] = {"]
    for i, (name, contents) in enumerate(rows):
        text.append(f'        {{"{name}", (const char *)FILE_{i}, {len(contents)}}},')
    text += ["    };", "", f"    *count_out = {len(rows)};", "    return FILES;", "}", ""]
    with open(options.output, "w", encoding="ascii") as file:
        file.write("\n".join(text))


main()
