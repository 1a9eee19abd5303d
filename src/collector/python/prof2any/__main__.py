"""python3 -m prof2any [-o FILE] [-s SORT] [-m MODULE | SCRIPT] [ARG ...], as with cProfile."""

import io
import optparse
import os
import pstats
import runpy
import sys
import types

from . import profiler

USAGE = "%prog [-o output_file_path] [-s sort] [-m module | scriptfile] [arg] ..."

# Python's own: by name until 3.10, then by cumulative time.
DEFAULT_SORT = 2 if sys.version_info >= (3, 11) else -1


def parse(arguments):
    parser = optparse.OptionParser(usage=USAGE, prog="python3 -m prof2any")
    parser.allow_interspersed_args = False
    parser.add_option("-o", "--outfile", help="write the profile here, in the format that the name "
                      "says: .prof and unknown names are pstats")
    parser.add_option("-s", "--sort", default=DEFAULT_SORT,
                      choices=sorted(pstats.Stats.sort_arg_dict_default),
                      help="what the report is sorted by, one of pstats' keys")
    parser.add_option("-m", dest="module", action="store_true", default=False,
                      help="run a module as a program")
    return parser, *parser.parse_args(arguments)


def module_code(name):
    return "run_module(name, run_name='__main__')", {"run_module": runpy.run_module, "name": name}


def script_code(path):
    """Code and globals of a script; it finds itself in __main__, as without a profiler."""
    sys.path.insert(0, os.path.dirname(path))
    with io.open_code(path) as f:
        code = compile(f.read(), path, "exec")
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __cached__=None, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    return code, main.__dict__


def main():
    arguments = sys.argv[1:]
    parser, options, rest = parse(arguments)
    if not rest:
        parser.print_usage()
        sys.exit(2 if not arguments else 1)
    sys.argv[:] = rest
    # The program may change its directory.
    output = options.outfile and os.path.abspath(options.outfile)
    code, names = (module_code if options.module else script_code)(rest[0])
    try:
        profiler.runctx(code, names, None, output, options.sort)
    except BrokenPipeError as e:
        sys.stdout = None  # or the interpreter complains when it closes it
        sys.exit(e.errno)


if __name__ == "__main__":
    main()
