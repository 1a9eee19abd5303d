"""Records Python programs exactly, with whole call paths. Takes the place of cProfile:

    import prof2any

    with prof2any.Profile() as recording:
        work()
    recording.print_stats("cumulative")     # pstats' report
    recording.dump_stats("work.svg")        # any format that prof2any writes, by the name

    @prof2any.profile("work.svg")           # the same for the calls of a function
    def work(): ...

python3 -m prof2any -o work.svg work.py     # as python3 -m cProfile
"""

__all__ = ["Error", "Profile", "Stats", "profile", "run", "runctx"]

from .profiler import Profile, run, runctx
from .decorator import profile
from .program import Error
from .stats import Stats
