// What the flame graph's script works out without a document.
"use strict";
const test = require("node:test"), assert = require("node:assert"), fs = require("node:fs");
const path = require("node:path");
const flame = require("../../src/web/flamegraph.js");

const box = (start, end, level = 0) => ({ start, end, level });

test("labels are those of the program", () => {
    const table = fs.readFileSync(path.join(__dirname, "../flamegraph/labels.tsv"), "utf8");
    const rows = table.split("\n").filter(line => line && !line.startsWith("#"));
    assert.ok(rows.length > 30);
    for (const row of rows) {
        const [name, place, room, label] = row.split("\t");
        assert.strictEqual(flame.label(name, place, Number(room)), label, row);
        assert.ok(flame.columns(label) <= Number(room), row);
    }
});

test("figures are those of the program", () => {
    assert.strictEqual(flame.human(1.2345, "seconds", ""), "1.23 s");
    assert.strictEqual(flame.human(0.0456, "seconds", ""), "45.6 ms");
    assert.strictEqual(flame.human(0.0000005, "seconds", ""), "500 ns");
    assert.strictEqual(flame.human(0, "seconds", ""), "0 ns");
    assert.strictEqual(flame.human(725, "seconds", ""), "12 min 5 s");
    assert.strictEqual(flame.human(7265, "seconds", ""), "2 h 1 min");
    assert.strictEqual(flame.human(1536, "bytes", ""), "1.5 KiB");
    assert.strictEqual(flame.human(1234567, "count", "samples"), "1,234,567 samples");
    assert.strictEqual(flame.human(1, "count", "samples"), "1 sample");
    assert.strictEqual(flame.human(1, "count", "Irs"), "1 Irs");
    assert.strictEqual(flame.human(12, "count", ""), "12");
    assert.strictEqual(flame.share(345, 1000), "34.5 %");
    assert.strictEqual(flame.share(1, 1e6), "<0.01 %");
    assert.strictEqual(flame.share(3, 2), "100 %");
    assert.strictEqual(flame.share(1, 0), "0 %");
});

test("overlapping boxes are counted once", () => {
    assert.strictEqual(flame.covered([box(0, 50), box(10, 20), box(40, 60)], 0, 100), 60);
    assert.strictEqual(flame.covered([box(40, 60), box(0, 50)], 45, 55), 10);
    assert.strictEqual(flame.covered([], 0, 100), 0);
    assert.strictEqual(flame.covered([box(0, 10), box(10, 20)], 0, 100), 20);
});

test("the address says the view and gives it back", () => {
    const states = [
        { level: 0, place: 0, find: "", ignoreCase: false },
        { level: 3, place: 17, find: "", ignoreCase: false },
        { level: 0, place: 0, find: "a&b=c#d%", ignoreCase: true },
        { level: 1, place: 0, find: "^json\\.(dumps|loads)$ \u00e9", ignoreCase: false },
    ];
    for (const state of states)
        assert.deepStrictEqual(flame.readState(flame.writeState(state)), state);
    assert.strictEqual(flame.writeState(states[0]), "");
});

test("an address that makes no sense opens the whole", () => {
    const whole = { level: 0, place: 0, find: "", ignoreCase: false };
    for (const hash of ["#", "#zoom=", "#zoom=1", "#zoom=-1.2", "#zoom=1.2.3", "#x=1", "#find=%E0%A4%A",
        "#zoom=99999999999.1", "#__proto__=1"])
        assert.deepStrictEqual(flame.readState(hash), whole, hash);
});

test("a pattern that doesn't compile is none", () => {
    assert.strictEqual(flame.compile("(", false), null);
    assert.ok(flame.compile("JSON", true).test("json"));
    assert.ok(!flame.compile("JSON", false).test("json"));
});

test("a box belongs to the box below that holds it", () => {
    const levels = [[box(0, 100)], [box(0, 40), box(40, 90)], [box(0, 10), box(40, 41), box(80, 90)]];
    flame.adopt(levels);
    assert.strictEqual(levels[0][0].parent, null);
    assert.deepStrictEqual(levels[2].map(b => levels[1].indexOf(b.parent)), [0, 1, 1]);
});

test("a view fills the width, its ancestors too, the rest is gone", () => {
    const view = box(20, 40, 1);
    assert.deepStrictEqual(flame.span(view, view), [0, 1e6]);
    assert.deepStrictEqual(flame.span(box(0, 100, 0), view), [0, 1e6]);
    assert.deepStrictEqual(flame.span(box(30, 35, 2), view), [500000, 250000]);
    assert.strictEqual(flame.span(box(40, 60, 1), view), null);
    assert.strictEqual(flame.span(box(0, 20, 2), view), null);
});

test("levels are shown until little of the view is left on them", () => {
    const levels = [[box(0, 100)], [box(0, 50)], [box(0, 4)], [box(0, 2)]];
    levels.forEach((level, i) => level.forEach(b => { b.level = i; }));
    assert.strictEqual(flame.levelsShown(levels, levels[0][0], 0.05), 2);
    assert.strictEqual(flame.levelsShown(levels, levels[0][0], 0.03), 3);
    assert.strictEqual(flame.levelsShown(levels, levels[0][0], 0), 4);
    assert.strictEqual(flame.levelsShown(levels, levels[2][0], 0.05), 4);
});

test("facts share lines as far as they fit", () => {
    assert.deepStrictEqual(flame.fill(["abc", "def", "ghi"], 9), ["abc \u00b7 def", "ghi"]);
    assert.deepStrictEqual(flame.fill(["abcdef"], 3), ["abcdef"]);
});

test("a fact longer than a line is broken at its blanks, behind commas first", () => {
    const fact = "65 s before, 75 s after, +15.4 %";
    assert.deepStrictEqual(flame.fill([fact, "calls"], 26),
        ["65 s before, 75 s after,", "+15.4 % \u00b7 calls"]);
    assert.deepStrictEqual(flame.fill(["ab", fact], 11),
        ["ab \u00b7 65 s", "before,", "75 s after,", "+15.4 %"]);
});

test("long details are broken into lines, and end", () => {
    assert.deepStrictEqual(flame.wrap("abcdef", 4, 3), ["abcd", "ef"]);
    assert.deepStrictEqual(flame.wrap("abcdefghij", 4, 2), ["abcd", "efg\u2026"]);
    assert.deepStrictEqual(flame.wrap("", 4, 2), [""]);
});
