"""limits.py FACT: what prof2any check says of limits."""
import sys

from profiles import BEFORE, FUNCTIONS, TREE, Case, expect, write_tree

# A limit that is kept, the same broken, and what is said of that.
KINDS = [
    ("execute <= 15", "execute <= 14", "execute (db.py:9): calls 15, expected at most 14"),
    ("execute == 15", "execute == 16", "calls 15, expected exactly 16"),
    ("calls(execute) < 16", "calls(execute) < 15", "calls 15, expected less than 15"),
    ("execute >= 15", "execute > 15", "calls 15, expected more than 15"),
    ("primitive(fib) <= 1", "primitive(fib) < 1", "fib (math.py:1): primitive calls 1, expected less than 1"),
    ("total(handler) <= 105ms", "total(handler) < 105ms", "total 105 ms, expected less than 105 ms"),
    ("total(fib) <= 7 ms", "total(fib) <= 0.0069", "total 7 ms, expected at most 6.9 ms"),
    ("self(get) <= 40ms", "self(get) <= 39ms", "self 40 ms, expected at most 39 ms"),
    ("total(handler) < 85%", "total(handler) < 84%", "total 105 ms, 84 % of the whole, expected less than 84 %"),
    ("self%(get) <= 32", "self%(get) <= 31", "self share 32 % of the whole, expected at most 31 %"),
    ("calls(execute) < 30%", "calls(execute) < 29%", "calls 15, 29.4 % of the whole"),
    ("depth(fib) <= 3", "depth(fib) <= 2", "depth 3, expected at most 2"),
    ("callers(execute) <= 2", "callers(execute) <= 1", "callers 2, expected at most 1"),
    ("callees(handler) <= 3", "callees(handler) < 3", "callees 3, expected less than 3"),
    ("contexts(execute) <= 2", "contexts(execute) <= 1", "call paths 2, expected at most 1"),
    ("functions(all:.*) <= 8", "functions(all:.*) <= 7", "functions 8, expected at most 7"),
    ("calls(module:json) <= 8", "calls(module:json) <= 7", "module json: calls 8, expected at most 7"),
    ("total(module:json) <= 10ms", "total(module:json) < 10ms", "total 10 ms, expected less than 10 ms"),
    ("self(module:requests) <= 32%", "self(module:requests) < 32%", "self 40 ms, 32 % of the whole"),
    ("self(file:app/web.py) <= 25ms", "self(file:app/web.py) < 25ms", "file app/web.py: self 25 ms"),
    ("total(file:app/) <= 125ms", "total(file:app/) < 125ms", "file app/: total 125 ms"),
    ("total(all:fib|execute) <= 40ms", "total(all:fib|execute) < 40ms", "fib|execute: total 40 ms"),
    ("primitive(all:fib|execute) <= 16", "primitive(all:fib|execute) <= 15", "primitive calls 16"),
    ("total(.*) <= 125ms", "total(.*) < 105ms", "main (main.py:1): total 125 ms"),
    ("total[allocations](get) <= 16", "total[allocations](get) <= 15", "total allocations 16"),
    ("allocations(handler) <= 16", "allocations(handler) < 16", "total allocations 16, expected less than 16"),
    ("self[allocated](get) <= 1.6kB", "self[allocated](get) <= 1KiB", "self allocated 1.56 KiB, expected at most 1 KiB"),
    ("total <= 125ms", "total < 125ms", "the whole run: total 125 ms"),
    ("total[allocated] <= 2kB", "total[allocated] <= 1kB", "the whole run: total allocated 1.56 KiB"),
    ("calls <= 51", "calls <= 50", "the whole run: calls 51, expected at most 50"),
    ("primitive <= 45", "primitive <= 44", "the whole run: primitive calls 45"),
    ("functions <= 8", "functions < 8", "the whole run: functions 8"),
    ("contexts <= 11", "contexts < 11", "the whole run: call paths 11"),
    ("depth <= 4", "depth < 4", "the whole run: depth 4"),
    ("no execute -> get", "no fetch -> get", "is there: fetch (web.py:20) → get (api.py:62)"),
    ("no loads -> ... -> get", "no handler -> ... -> requests.get",
     "is there: handler (web.py:5) → fetch (web.py:20) → get (api.py:62)"),
    ("no main → … → fetch → decode", "no main → … → fetch → get", "fetch (web.py:20) → get (api.py:62)"),
    ("no urlopen", "no decode", "is there: decode (decoder.py:332)"),
    ("calls(handler -> ... -> get) <= 8", "calls(handler -> ... -> get) < 8", "handler → … → get: calls 8"),
    ("main -> execute <= 3", "main -> execute < 3", "main → execute: calls 3, expected less than 3"),
    ("total(main -> ... -> execute) <= 33ms", "total(main -> ... -> execute) < 33ms", "total 33 ms"),
    ("self(fib -> fib) <= 6ms", "self(fib -> fib) < 6ms", "self 6 ms"),
    ("primitive(main -> ... -> fib) <= 1", "primitive(main -> ... -> fib) < 1", "primitive calls 1"),
    ("calls <= 51.5", "calls <= 5_0.0e0", "calls 51, expected at most 50"),
    ("calls < 1,000,000.5", "calls > 1,000", "calls 51, expected more than 1,000"),
    ("get <= baseline", "execute <= baseline", "calls 15, expected at most 9: 9 in the baseline"),
    ("execute <= baseline + 70%", "execute <= baseline + 60%", "expected at most 14.4: 9 in the baseline"),
    ("execute <= baseline * 2", "execute <= baseline * 1.5", "expected at most 13.5: 9 in the baseline"),
    ("execute <= baseline + 6", "execute <= baseline + 5", "expected at most 14: 9 in the baseline"),
    ("total(execute) <= baseline + 40% + 1ms", "total(execute) <= baseline + 40% + 0.5ms",
     "total 33 ms, expected at most 32.7 ms: 23 ms in the baseline"),
    ("total(fib) < baseline - 40%", "total(fib) < baseline - 50%", "total 7 ms, expected less than 6.5 ms: 13 ms"),
    ("self%(execute) <= baseline + 7%", "self%(execute) <= baseline + 6%", "self share 26.4 % of the whole"),
    ("allocations(get) <= baseline * 2", "allocations(get) <= baseline", "total allocations 16, expected at most 8"),
    ("total <= baseline + 10%", "total <= baseline", "total 125 ms, expected at most 117 ms"),
    ("total(module:json) <= baseline * 2", "total(module:json) <= baseline", "total 10 ms, expected at most 6 ms"),
    ("calls(main -> ... -> execute) <= baseline * 2", "calls(main -> ... -> execute) <= baseline",
     "calls 15, expected at most 9"),
]


def every_kind_of_limit_is_kept_and_broken(case):
    kept = case.check(0, *[row[0] for row in KINDS])
    expect(kept, f"{len(KINDS)} of {len(KINDS)} limits kept")
    for _, broken, words in KINDS:
        expect(case.check(1, broken), "broken          " + broken, words, "0 of 1 limit kept")
    every = case.check(1, *[row[1] for row in KINDS])
    expect(every, f"0 of {len(KINDS)} limits kept")


def a_name_is_found_wherever_it_lies(case):
    functions = dict(FUNCTIONS, **{
        "<built-in_method_time.sleep>": ("~", 0), "<method_'get'_of_'dict'_objects>": ("~", 0)})
    tree = TREE + [("main <built-in_method_time.sleep>", 1, 2), ("main <method_'get'_of_'dict'_objects>", 1, 5)]
    write_tree("named.json", tree, functions=functions)
    text = open("named.json").read().replace("_method_", " method ").replace("<method_", "<method ")
    open("named.json", "w").write(text.replace("'_of_'", "' of '").replace("'_objects", "' objects"))
    case.check(0, "requests.get == 8", "requests.api.get == 8", "api.get == 8", "json.loads == 4",
               "time.sleep == 2", "sleep == 2", "dict.get == 5", "calls(module:requests.api) == 8",
               "calls(module:json.decoder) == 4", "calls(file:json/) == 8", "calls(file:decoder.py) == 4",
               "calls(file:/db\\.py$) == 15", "functions(all:get) == 2", profile="named.json")
    out = case.check(1, "calls(module:js) == 0", "quests.get == 8", "oads == 4", "calls(file:coder.py) == 4",
                     "calls(file:jso/) == 8", profile="named.json")
    expect(out, "module js: matches no module", "quests.get: matches no function", "oads: matches no function",
           "file coder.py: matches no file", "0 of 5 limits kept")


def a_script_is_called_by_its_file_too(case):
    text = open("app.json").read()
    open("script.json", "w").write(text.replace('"places"', '"places", "modules"').replace('"file": "/srv/app/main.py"',
                                                '"module": "__main__", "file": "/srv/app/main.py"'))
    case.check(0, "main.main == 1", "__main__.main == 1", "calls(module:main) == 1",
               "calls(module:__main__) == 1", "db.execute == 15", profile="script.json")
    out = case.check(1, "ain.main == 1", "app.main == 1", "main.execute == 15", profile="script.json")
    expect(out, "0 of 3 limits kept")


def what_matches_nothing_fails_unless_it_is_optional(case):
    for limit in ("nowhere <= 1", "total(module:nowhere) < 1s", "no nowhere -> get", "calls(get -> main) <= 1",
                  "functions(nowhere) <= 1", "total(nowhere) <= baseline"):
        expect(case.check(1, limit), "matches nothing")
        expect(case.check(0, "optional " + limit), "kept")
    expect(case.check(1, "optional get <= 1"), "broken")


def a_graph_alone_says_what_it_can(case):
    case.check(0, "execute == 15", "primitive(fib) == 1", "total(fib) <= 7ms", "callers(execute) == 2",
               "main -> execute == 3", "self(fib -> fib) <= 6ms", "no loads -> ... -> get",
               "calls == 51", "depth(execute) == 1", "self(module:json) <= 10ms", profile="app.prof")
    out = case.check(1, "depth(fib) <= 3", "contexts <= 11", "calls(main -> ... -> execute) <= 15", "depth <= 9",
                     profile="app.prof")
    expect(out, "can't be told   depth(fib)", "can't be told   contexts", "0 of 4 limits kept",
           "the profile holds a call graph and no call paths")
    out = case.check(1, "no handler -> ... -> get", profile="app.prof")
    expect(out, "may be there, as the call graph has it: handler (web.py:5) → fetch (web.py:20) → get (api.py:62)")
    expect(case.check(1, "total(module:json) < 1ms", profile="app.prof"), "total 10 ms", "(estimated)")
    out = case.check(1, "total(module:json) < 1s", "no handler -> ... -> get", profile="app.prof", more=["--exact"])
    expect(out, "can't be told   total(module:json)", "can't be told   no handler")
    write_tree("uncounted.json", TREE, calls=False)
    out = case.check(1, "execute <= 15", "total(execute) < 1s", profile="uncounted.json")
    expect(out, "can't be told   execute", "the profile has no call counts", "1 of 2 limits kept")


def the_order_of_functions_changes_no_sum(case):
    """0.1 + 0.2 + 0.3 is another double than 0.3 + 0.2 + 0.1."""
    for name, order in ("up.folded", "123"), ("down.folded", "321"):
        with open(name, "w") as file:
            file.writelines(f"f{n} 0.{n}\n" for n in order)
    for one, other in ("up.folded", "down.folded"), ("down.folded", "up.folded"):
        case.run(0, one, "--baseline", other, "--must", "self[samples](all:.) <= baseline", "--must",
                 "self[samples](all:.) >= baseline")


def a_baseline_is_matched_by_function_not_by_line(case):
    out = case.check(0, "optional total(decode) <= baseline", "calls(handler) <= baseline", "fetch <= baseline")
    expect(out, "isn't in the baseline", "handler (web.py:5): calls 4, expected at most 4: 4 in the baseline")
    expect(case.check(1, "decode <= baseline"), "matches nothing decode", "decode: isn't in the baseline")
    elsewhere = {name: ("/other" + file, line) for name, (file, line) in FUNCTIONS.items()}
    write_tree("before.json", BEFORE, functions=elsewhere)
    out = case.check(1, "fetch <= baseline")
    expect(out, "fetch: isn't in the baseline, where files lie in other folders: --strip-dirs compares them")
    out = case.check(0, "calls <= baseline * 1000.33", "fetch <= baseline", more=["--strip-dirs"])
    expect(out, "calls 51, expected at most 41,013.5: 41 in the baseline", "fetch (web.py:20): calls 8, expected")
    write_tree("before.json", BEFORE, moved=-3)
    # What is new has nothing to be compared with; all that isn't is compared.
    out = case.check(1, "calls(.*) <= baseline")
    expect(out, "execute (db.py:9): calls 15, expected at most 9: 9 in the baseline")
    assert out.count("expected") == 1, out
    expect(case.run(2, "app.json", "--must", "execute <= baseline"), "expected --baseline FILE")


def what_is_no_limit_is_told_by_its_place(case):
    for limit, words in [
            ("execute", "character 8: expected <, <=, ==, >= or > and a bound"),
            ("execute =< 5", "character 9: expected <, <=, ==, >= or >"),
            ("execute <= many", "character 12: expected a number"),
            ("execute <= 5 apples", "character 14: expected a unit"),
            ("<= 5", "expected what the limit is about"),
            ("total(execute) <= baseline * x", "character 30: expected a number"),
            ("total(execute) <= 0,5s", "character 20: expected a point before decimals, or three digits behind each comma"),
            ("total(execute) <= 0,500s", "character 20: expected a point before decimals"),
            ("execute <= 1000,000", "character 16: expected a point before decimals"),
            ("execute <= 1,2345", "character 13: expected a point before decimals"),
            ("execute <= 1,000,00", "character 17: expected a point before decimals"),
            ("execute <= baseline * 1,5", "character 24: expected a point before decimals"),
            ("execute <= baseline + 2,5%", "character 24: expected a point before decimals"),
            ("execute <= 5 6", "expected a unit"),
            ("( <= 5", "missing closing parenthesis"),
            ("no execute <= 5", "character 12: expected no bound: what must not be there has none"),
            ("no total(execute) > 1s", "expected no bound"),
            ("no a -> execute < baseline", "expected no bound"),
            ("main -> execute", "character 16: expected <, <=, ==, >= or > and a bound"),
            ("no a -> ...", "character 9: expected a function behind ..."),
            ("no a -> -> b", "expected the name of a function"),
            ("calls[time](a) <= 5", "expected total or self before a metric"),
            ("depth%(a) <= 5", "expected total, self, calls or primitive before %"),
            ("callers(module:a) <= 5", "expected callers and callees of a function"),
            ("apples(execute) <= 5", "'apples' is no quantity, and the profile has time, allocations, allocated"),
            ("total(execute) <= 5MB", "the bound is a size, and what is limited is in seconds"),
            ("execute <= 5ms", "the bound is a time, and what is limited is a number"),
            ("total(execute", "character 14: expected a closing parenthesis"),
            ("total(execute < 5s", "character 14: expected a closing parenthesis"),
            ("self%(", "character 7: expected a closing parenthesis"),
            ("total[time](main -> execute", "character 28: expected a closing parenthesis"),
            ("total[time(execute) < 5s", "character 20: expected ] behind the name of a metric"),
            ("total(execute)", "character 15: expected <, <=, ==, >= or > and a bound"),
            ("total(a)b)", "character 11: expected <, <=, ==, >= or > and a bound"),
            ("total(execute)) < 5s", "'execute)': unmatched closing parenthesis at character 8"),
            ("parse(execute", "character 14: expected <, <=, ==, >= or > and a bound"),
            ("parse(execute < 5", "'parse(execute': missing closing parenthesis at character 14"),
            ("no parse(execute", "'parse(execute': missing closing parenthesis at character 14"),
            ("total(all:[a) < 5s", "'[a': missing terminating ] for character class at character 3"),
            ("execute <> 5", "character 9: expected <, <=, ==, >= or >"),
            ("execute >== 5", "character 9: expected <, <=, ==, >= or >"),
            ("execute != 5", "character 9: expected <, <=, ==, >= or >"),
            ("execute <", "character 10: expected a number"),
            ("execute < -1", "character 11: expected a number without a sign"),
            ("execute < baseline +", "character 21: expected a number"),
            ("execute < baseline and more", "character 20: expected nothing more"),
            ("total(module:) < 5s", "character 14: expected the name of a function, or a pattern"),
            ("total(main ->) < 5s", "character 14: expected the name of a function, or a pattern"),
            ("depth(main -> execute) < 5", "character 1: expected the depth of a function, not of a path"),
            ("", "character 1: expected <, <=, ==, >= or > and a bound"),
            ("depth(fib) <= 5%", "the bound is a share, expected a number"),
            ("a " * 3000 + "<= 5", "4096 bytes at most")]:
        expect(case.run(2, "app.json", "--must", limit), words)
    expect(case.run(2, "app.json"), "no limits, expected --must LIMIT")
    expect(case.run(2, "app.json", "--must", "a <= 1", "--report", "xml"), "--report xml: expected text")
    expect(case.run(3, "nowhere.json", "--must", "a <= 1"), "can't be opened")


def limits_of_a_file_and_of_the_command_line_count_alike(case):
    with open(".prof2any.yml", "w") as file:
        file.write("budgets:\n  - execute <= 14\n  - {limit: get <= 1, name: few requests, optional: yes}\n")
    with open("other.yml", "w") as file:
        file.write("budgets:\n  - execute <= 15\n")
    out = case.run(1, "app.json", "--must", "fib <= 7", command=("check",))
    expect(out, "broken          execute <= 14", "broken          few requests", "kept            fib <= 7",
           "1 of 3 limits kept")
    expect(case.run(0, "app.json", "--budget", "other.yml", command=("check",)), "1 of 1 limit kept")
    with open("other.yml", "w") as file:
        file.write("budgets:\n  - execute =< 15\n")
    expect(case.run(3, "app.json", "--budget", "other.yml", command=("check",)),
           "other.yml: line 2: column 5: limit 'execute =< 15'")


if __name__ == "__main__":
    globals()[sys.argv[1]](Case())
