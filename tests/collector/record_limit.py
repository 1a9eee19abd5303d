"""Past the limit on contexts functions, calls, primitive calls and callers are those without a limit."""
import shutil

from record_common import *

NESTED = os.path.join(os.environ["SOURCE"], "samples", "programs", "nested.py")


class Limit(RecordTest):
    def figures(self, recording, *options):
        """The report without its dates, names of files and times."""
        report = self.convert("-q", recording, *options, "-s", "name", "--style", "pstats")
        lines = [re.sub(r" +", " ", re.sub(r"\d*\.\d+", "", line))
                 for line in report.splitlines() if not line.endswith("p2a")]
        self.assertGreater(len(lines), 8, report)
        return lines

    def recorded(self, name, *options):
        done = self.record(self.python, "nested.py", options=("-q", "-o", name) + options)
        self.assertEqual(done.status, 0, done.err)
        return name

    @each_python
    def test_past_the_limit_all_figures_are_exact(self):
        shutil.copy(NESTED, self.here)
        whole = self.recorded("whole.p2a")
        for limit in 1, 7, 20:
            folded = self.recorded("folded.p2a", "--max-contexts", str(limit))
            said = self.run_plain(PROGRAM, folded, "-f", "json").err
            self.assertIn("limit of {} contexts was reached".format(limit), said)
            for report in (), ("--callers",), ("--callees",):
                self.assertEqual(self.figures(folded, *report), self.figures(whole, *report))


if __name__ == "__main__":
    main()
