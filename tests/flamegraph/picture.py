"""The file that the program writes, read by an XML parser: its boxes against the stacks that went in."""
import collections
import glob
import os
import random
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ET

PROGRAM, SAMPLES = os.environ["PROF2ANY"], os.environ["SAMPLES"]
SVG = "{http://www.w3.org/2000/svg}"
PSTATS = os.path.join(SAMPLES, "profiles", "pstats")
LARGE = os.path.join(PSTATS, "py3.13-cprofile-m-unittest.prof")
PALETTES = ("module hot mem io wakeup java js perl python rust red green blue aqua yellow purple "
            "orange").split()

Box = collections.namedtuple("Box", "path name place figures start end paint")


def run(source, *options, status=0, arguments=()):
    """The program's output for a file's path or for folded text."""
    command = [PROGRAM, "-f", "flamegraph", *arguments]
    for option in options:
        command += ["-O", option]
    if isinstance(source, bytes):
        done = subprocess.run(command, input=source, capture_output=True, check=False)
    else:
        done = subprocess.run(command + [source], capture_output=True, check=False)
    if done.returncode != status:
        raise AssertionError((command, done.returncode, done.stderr))
    return done.stdout if status == 0 else done.stderr.decode()


def boxes(svg):
    """The boxes by level, each with the path of names that leads to it."""
    graph = ET.fromstring(svg).find(SVG + "svg")
    levels = []
    for row in graph:
        level = []
        for element in row:
            lines = element.find(SVG + "title").text.split("\n")
            rect = element.find(SVG + "rect")
            start = round(float(rect.get("x")[:-1]) * 1e4)
            end = start + round(float(rect.get("width")[:-1]) * 1e4)
            below = [b for b in levels[-1] if b.start <= start and end <= b.end] if levels else []
            if levels and len(below) != 1:
                raise AssertionError((lines, below))
            path = below[0].path + (lines[0],) if below else ()
            level.append(Box(path, lines[0], lines[1] if len(lines) > 2 else "", lines[-1], start, end,
                             element.get("class").replace(" thin", "")))
        levels.append(level)
    return levels


def header(svg):
    return " ".join(text.text for text in ET.fromstring(svg).iter(SVG + "text")
                    if text.get("class") == "soft" and text.text)


def folded(stacks):
    return "".join(f"{stack} {count}\n" for stack, count in stacks.items()).encode()


STACKS = {"main;work;load": 300, "main;work": 100, "main;work;work": 100, "main;rest": 400, "idle": 100}


class Picture(unittest.TestCase):
    def test_every_sample_is_valid_xml(self):
        files = [f for kind in ("pstats", "callgrind", "folded")
                 for f in glob.glob(os.path.join(SAMPLES, "profiles", kind, "*"))]
        self.assertGreater(len(files), 20)
        for file in files:
            if "threads" in file or "parts" in file:
                continue
            with self.subTest(os.path.basename(file)):
                self.assertGreaterEqual(len(boxes(run(file))), 1)

    def test_a_box_is_as_wide_as_the_stacks_through_it(self):
        totals = collections.Counter()
        for stack, count in STACKS.items():
            names = tuple(stack.split(";"))
            for i in range(len(names) + 1):
                totals[names[:i]] += count
        drawn = {b.path: b.end - b.start for level in boxes(run(folded(STACKS))) for b in level}
        self.assertEqual(drawn, {path: total * 1000 for path, total in totals.items()})

    def test_a_reversed_box_is_as_wide_as_the_stacks_that_end_in_it(self):
        totals = collections.Counter()
        for stack, count in STACKS.items():
            names = tuple(reversed(stack.split(";")))
            for i in range(len(names) + 1):
                totals[names[:i]] += count
        drawn = {b.path: b.end - b.start for level in boxes(run(folded(STACKS), "reverse")) for b in level}
        self.assertEqual(drawn, {path: total * 1000 for path, total in totals.items()})

    def test_figures_are_those_of_the_stacks(self):
        figures = {b.path: b.figures for level in boxes(run(folded(STACKS))) for b in level}
        self.assertEqual(figures[()], "1,000 samples")
        self.assertEqual(figures["main",], "900 samples, 90 % of all; self 0 samples")
        self.assertEqual(figures["main", "work"],
                         "500 samples, 50 % of all, 55.6 % of parent; self 100 samples")

    def test_a_comparison_has_the_width_that_is_asked_for(self):
        sides = {"main;same": (20, 20), "main;more": (10, 30), "main;gone": (40, 0), "main;new": (0, 10),
                 "main;a;moved": (5, 0), "main;b;moved": (0, 5)}
        rows = "".join(f"{stack} {before} {after}\n" for stack, (before, after) in sides.items()).encode()
        for width, of in (("after", lambda b, a: a), ("before", lambda b, a: b), ("larger", max)):
            whole = sum(of(*both) for both in sides.values())
            expected = {tuple(stack.split(";")): of(*both) / whole * 1e6 for stack, both in sides.items()}
            drawn = {b.path: b.end - b.start for level in boxes(run(rows, "width-by=" + width)) for b in level}
            for path, wide in expected.items():
                self.assertAlmostEqual(drawn.get(path, 0), wide, delta=1.5, msg=(width, path))

    def test_a_comparison_names_what_is_gone_new_or_elsewhere(self):
        rows = (b"main;same 20 20\nmain;more 10 30\nmain;gone 40 0\nmain;new 0 10\n"
                b"main;a;moved 5 0\nmain;b;moved 0 5\n")
        drawn = {b.path[1:]: b for level in boxes(run(rows)) for b in level}
        for path, paint, figures in (
                ((), "c3", "before 75 samples, 100 % of all; after 65 samples, 100 % of all; -10 samples, "
                 "-13.3 %; self 0 samples before, 0 samples after, 0 samples"),
                (("same",), "c5", "before 20 samples, 26.7 % of all; after 20 samples, 30.8 % of all; 0 samples, "
                 "0 %; self 20 samples before, 20 samples after, 0 samples, 0 %"),
                (("more",), "c9", "before 10 samples, 13.3 % of all; after 30 samples, 46.2 % of all; "
                 "+20 samples, +200 %; self 10 samples before, 30 samples after, +20 samples, +200 %"),
                (("gone",), "c0 gone", "gone, not there after; before 40 samples, 53.3 % of all; after 0 samples, "
                 "0 % of all; -40 samples; self 40 samples before, 0 samples after, -40 samples, gone"),
                (("new",), "ca new", "new, not there before; before 0 samples, 0 % of all; after 10 samples, "
                 "15.4 % of all; +10 samples; self 0 samples before, 10 samples after, +10 samples, new"),
                (("a", "moved"), "c0 gone", "gone from here; "), (("b", "moved"), "ca new", "new here; ")):
            box = drawn[path]
            self.assertEqual(box.paint, paint, path)
            self.assertTrue(box.figures.startswith(figures), (path, box.figures))
        told = header(run(rows))
        for words in ("75 samples before, 65 samples after, -10 samples, -13.3 %", "- gone 45 samples",
                      "+ new 15 samples", "widths: the larger side, path by path"):
            self.assertIn(words, told)

    def test_a_comparison_can_be_coloured_by_module_and_nothing_else_by_change(self):
        rows = b"main;a 1 2\nmain;b 2 1\n"
        for box in (b for level in boxes(run(rows, "colors=module"))[1:] for b in level):
            self.assertNotEqual(box.paint[0], "c", box)
        self.assertIn("expected a comparison", run(b"main 1\n", "colors=change", status=2))

    def test_an_icicle_grows_downwards(self):
        for options, order in (((), -1), (("inverted",), 1)):
            rows = ET.fromstring(run(folded(STACKS), *options)).find(SVG + "svg")
            tops = [float(re.findall(r"[\d.]+", row.get("transform"))[1]) for row in rows]
            self.assertEqual(tops, sorted(tops)[::order])

    def test_any_bytes_make_valid_xml(self):
        names = [bytes([b]) for b in range(256) if chr(b) not in ";\n\r"]
        names += [b"]]>", b"<script>", b"\xed\xa0\x80", b"\xe2\x82", b"&#0", b"a" * 5000, b"-->"]
        stacks = b"".join(b"root;x" + name + b"y 1\n" for name in names)
        svg = run(stacks, "minwidth=0", "title=]]><\x01", "notes=\"'<", "link=http://h/{name}?{file}")
        self.assertEqual(len([b for level in boxes(svg) for b in level]), len(names) + 2)
        root = ET.fromstring(svg)
        self.assertEqual(len(list(root.iter(SVG + "script"))), 1)
        self.assertEqual({e.tag for e in root.iter()} - {SVG + t for t in (
            "svg title style defs pattern path rect text g script a".split())}, set())

    def test_nothing_is_loaded_from_elsewhere(self):
        svg = run(LARGE).decode()
        addresses = set(re.findall(r"[a-z]+://[^\s\"']*", svg))
        self.assertEqual(addresses, {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"})
        self.assertNotIn("href", re.sub(r"<script>.*</script>", "", svg, flags=re.S))

    def test_the_same_profile_gives_the_same_file(self):
        for palette in PALETTES:
            with self.subTest(palette):
                svg = run(LARGE, "colors=" + palette)
                self.assertEqual(svg, run(LARGE, "colors=" + palette))
                style = ET.fromstring(svg).find(SVG + "style").text
                for paint in {b.paint for level in boxes(svg) for b in level}:
                    self.assertIn("." + paint + " rect", style)

    def test_a_name_keeps_its_colour(self):
        stacks = {f"r{i};name": 1 for i in range(40)}
        for palette in PALETTES[1:]:
            paints = {b.paint for b in boxes(run(folded(stacks), "colors=" + palette))[2]}
            self.assertEqual(len(paints), 1, palette)

    def test_a_box_costs_no_more_than_250_bytes(self):
        svg = run(LARGE)
        start, end = svg.index(b'<svg class="graph"'), svg.index(b'<g class="notes"')
        count = sum(len(level) for level in boxes(svg))
        self.assertGreater(count, 500)
        self.assertLessEqual((end - start) / count, 250)
        self.assertLess(len(svg) - (end - start), 40000)

    def test_an_estimate_says_so_and_exact_refuses_it(self):
        self.assertRegex(header(run(LARGE)), r"estimated from a call graph, [\d.]+ % of the time in cycles")
        self.assertNotIn("estimated", header(run(folded(STACKS))))
        self.assertIn("--exact refuses", run(LARGE, status=2, arguments=["--exact"]))

    def test_what_has_no_place_is_a_marked_box(self):
        marked = [b for level in boxes(run(LARGE)) for b in level if b.paint == "mark"]
        self.assertGreater(len(marked), 0)
        self.assertIn("url(#p2a-hatch)", run(LARGE).decode())

    def test_no_share_is_over_a_hundred(self):
        for file in glob.glob(os.path.join(PSTATS, "*recursive*.prof")):
            svg = run(file).decode()
            self.assertTrue(all(float(share) <= 100 for share in re.findall(r"([\d.]+) % of", svg)))

    def test_what_is_not_drawn_is_stated(self):
        stacks = dict(STACKS, **{"main;tiny": 1, "main;small;deep": 2})
        self.assertIn("2 narrower than 1 % not drawn", header(run(folded(stacks), "minwidth=1")))
        self.assertIn("narrower than", header(run(folded(stacks), "frames=4")))
        self.assertEqual(sum(len(level) for level in boxes(run(folded(stacks), "frames=4"))), 4)
        self.assertIn("deeper than 2 levels, not drawn", header(run(folded(stacks), "depth=2")))
        self.assertNotIn("not drawn", header(run(folded(STACKS))))

    def test_a_hundred_thousand_frames_deep_is_drawn(self):
        stack = ";".join(f"f{i % 7}" for i in range(100000)).encode() + b" 10\n"
        for options in ((), ("reverse",)):
            self.assertEqual(len(boxes(run(stack, *options))), 1001)
        svg = run(stack, "depth=0", "frames=0")
        self.assertEqual(svg.count(b"<rect x="), 100001)

    def test_a_file_of_which_heavy_paths_alone_are_read_gives_the_same_picture(self):
        """From a pipe all is read."""
        chance = random.Random(5)
        names = ["app::handler_of_requests::%d (lib%d.so)" % (i, i % 5) for i in range(400)]
        stacks, size = ["odd;f (/src/a.py:1);g (/src/c.py:1) 40\n", "odder;f (/src/a.py:1) 30\n"], 0
        while size < 1_200_000:
            at, path = 0, []
            for _ in range(chance.randint(8, 30)):
                at = (at * 3 + chance.randint(0, 2)) % len(names)
                path.append(names[at])
            stacks.append("%s %d\n" % (";".join(path), chance.randint(1, 9)))
            size += len(stacks[-1])
        text = "".join(stacks).encode()
        with tempfile.NamedTemporaryFile(suffix=".folded") as file:
            file.write(text)
            file.flush()
            for options, arguments in (
                    ((), ()), (("minwidth=0",), ()), (("reverse=yes",), ()), (("sort=total",), ()),
                    (("sort=recorded", "depth=9", "frames=20"), ()), ((), ("--focus", "_of_requests::7")),
                    ((), ("--hide", "::1")), ((), ("--depth", "5")), ((), ("--strip", "app::")),
                    ((), ("--group-by", "module")), ((), (file.name,))):
                options = ("minwidth=1", *options)
                with self.subTest(options=options, arguments=arguments):
                    self.assertEqual(run(file.name, *options, arguments=arguments),
                                     run(text, *options, arguments=("-", *arguments)))

    def test_a_name_is_coloured_by_its_namespace_whatever_stands_before_it(self):
        svg = run(folded({"void std::sort<int>(int*)": 30, "std::swap": 20, "Y& std::get<0>(X&)": 10,
                          "<alloc::vec::Vec<T> as core::iter::Extend<T>>::extend": 20,
                          "<&T as core::fmt::Display>::fmt": 10, "(anonymous namespace)::run()": 10}))
        for words in ("std 60 %", "alloc 20 %", "core 10 %", "(anonymous namespace) 10 %"):
            self.assertRegex(header(svg), "(^| )" + re.escape(words))

    def test_an_empty_profile_is_a_picture_of_nothing(self):
        levels = boxes(run(os.path.join(PSTATS, "constructed-empty.prof")))
        self.assertEqual([len(level) for level in levels], [1])

    def test_links_are_encoded_and_never_scripts(self):
        stacks = b"f (/a b/<x>.py:12) 3\ng (<string>:1) 2\n<built-in method len> 1\n"
        svg = run(stacks, "link=https://h/{file}#L{line}-{name}-{other}")
        links = [a.get("href") for a in ET.fromstring(svg).iter(SVG + "a")]
        self.assertEqual(links, ["https://h//a%20b/%3Cx%3E.py#L12-f-{other}"])
        for link in ("javascript:alert(1)", "JavaScript:x", "java\tscript:x", " javascript:x", "data:x",
                     "vbscript:x"):
            self.assertIn("link", run(stacks, "link=" + link, status=2))
        svg = run(b"f (javascript:x/y.py:1) 1\n", "link={file}")
        links = [a.get("href") for a in ET.fromstring(svg).iter(SVG + "a")]
        self.assertEqual(links, ["javascript%3Ax/y.py"])

    def test_settings_out_of_range_are_refused(self):
        for option in ("width=5", "width=1e9", "height=5", "fontsize=0", "minwidth=-1", "minwidth=101",
                       "frames=-1", "depth=1e20", "crop=200", "colors=plaid", "theme=grey", "sort=size"):
            self.assertIn(option, run(folded(STACKS), option, status=2))

    def test_texts_are_placed(self):
        svg = run(folded(STACKS), "title=T", "subtitle=S", "notes=N", "countname=ticks", "font=Foo",
                  "fontsize=12", "height=20", "width=1000")
        root = ET.fromstring(svg)
        texts = [t.text for t in root.iter(SVG + "text")]
        for text in ("T", "S", "N"):
            self.assertIn(text, texts)
        self.assertIn("1,000 ticks", texts)
        self.assertEqual((root.get("font-family"), root.get("font-size"), root.get("width")),
                         ("Foo", "12", "1000"))
        self.assertTrue(all(r.get("height") == "19" for g in root.find(SVG + "svg") for e in g
                            for r in e.iter(SVG + "rect")))

    def test_it_answers_to_its_names(self):
        with tempfile.TemporaryDirectory() as scratch:
            file = os.path.join(scratch, "x.svg")
            subprocess.run([PROGRAM, "-", "-o", file], input=folded(STACKS), check=True)
            with open(file, "rb") as picture:
                expected = picture.read()
        for name in ("svg", "flame", "flamegraph"):
            done = subprocess.run([PROGRAM, "-f", name], input=folded(STACKS), stdout=subprocess.PIPE,
                                  check=True)
            self.assertEqual(done.stdout, expected)


if __name__ == "__main__":
    unittest.main()
