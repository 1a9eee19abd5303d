"""argparse: a parser with subcommands, its help, and many command lines."""
import argparse
import contextlib
import io


def make():
    parser = argparse.ArgumentParser(prog="tool", description="does things " * 10)
    parser.add_argument("--level", type=int, default=3, choices=range(10))
    parser.add_argument("-v", "--verbose", action="count", default=0)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in "add", "remove", "show", "move":
        sub = commands.add_parser(name, help=f"{name} an item")
        sub.add_argument("items", nargs="+", help="what to " + name)
        group = sub.add_mutually_exclusive_group()
        group.add_argument("--fast", action="store_true")
        group.add_argument("--slow", action="store_true")
    return parser


parser = make()
for i in range(40):
    parser.parse_args(["--level", str(i % 10), "-vv", "show", "--fast"] + ["item"] * (i % 5 + 1))
for bad in ["--level", "11", "add", "x"], ["move"], ["show", "--fast", "--slow", "x"]:
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
        parser.parse_args(bad)
for _ in range(3):
    make().format_help()
