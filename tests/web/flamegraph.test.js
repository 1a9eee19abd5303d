// The flame graph as a reader has it: in Chromium, with a real mouse and real keys.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs"), os = require("node:os"), path = require("node:path");
const { find, Browser, CTRL } = require("./chromium.js");

const chromium = find();
if (!chromium) {
    console.log("skipped: there is no chromium on this machine (Debian package chromium)");
    process.exit(77);
}

const runner = require("node:test"), assert = require("node:assert");
const samples = process.env.SAMPLES || path.join(__dirname, "../../samples");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "p2a-flame-"));
const LIBRARY = "/usr/lib/python3.11/json/__init__.py";
const STACKS = [
    "main (/home/me/app.py:1);work (/home/me/app.py:10) 100",
    "main (/home/me/app.py:1);work (/home/me/app.py:10);loads (" + LIBRARY + ":299) 300",
    "main (/home/me/app.py:1);work (/home/me/app.py:10);work (/home/me/app.py:10) 100",
    "main (/home/me/app.py:1);rest (/home/me/app.py:20) 400",
    "IDLE 100",
];

function draw(name, input, ...options) {
    const output = path.join(scratch, name + ".svg");
    const done = spawnSync(process.env.PROF2ANY, ["-q", input, "-f", "flamegraph", "-o", output,
        ...options.flatMap(option => ["-O", option])], { encoding: "utf8" });
    assert.strictEqual(done.status, 0, done.stderr);
    return "file://" + output;
}

function drawStacks(name, stacks, ...options) {
    const input = path.join(scratch, name + ".folded");
    fs.writeFileSync(input, typeof stacks === "string" || Buffer.isBuffer(stacks) ? stacks
        : stacks.join("\n") + "\n");
    return draw(name, input, ...options);
}

// The boxes shown, by what they say to a screen reader: {label, x, y, width, height}.
function readBoxes() {
    return [...document.querySelectorAll("[role=treeitem]")].map(element => {
        const { x, y, width, height } = element.querySelector("rect").getBoundingClientRect();
        const label = element.getAttribute("aria-label");
        return { label, name: label.split(/ \(|, /)[0], x, y, width, height };
    }).filter(box => box.width > 0);
}

function focused() {
    return (document.activeElement.getAttribute("aria-label") || "").split(/ \(|, /)[0];
}

function tip() {
    const group = document.querySelector(".tip");
    return group.getAttribute("display") === "none" ? []
        : [...group.querySelectorAll("tspan")].map(line => line.textContent);
}

async function boxNamed(page, name, which = 0) {
    const found = (await page.call(readBoxes)).filter(box => box.name === name);
    found.sort((a, b) => b.width - a.width);
    assert.ok(found[which], "no box " + name);
    return found[which];
}

async function clickBox(page, name, which = 0, modifiers = 0) {
    const box = await boxNamed(page, name, which);
    await page.click(box.x + box.width / 2, box.y + box.height / 2, modifiers);
}

function near(a, b, why) {
    assert.ok(Math.abs(a - b) < 0.6, why + ": " + a + ", expected " + b);
}

const status = page => page.run("document.querySelector('[role=status]').textContent");
const hash = page => page.run("location.hash");

const cases = [], plain = drawStacks("plain", STACKS);
let page;

function test(name, body) {
    cases.push([name, body]);
}

// One browser for all of them; its page complains of nothing in any.
runner("the flame graph in Chromium", async context => {
    const browser = new Browser(chromium);
    try {
        page = await browser.page();
        for (const [name, body] of cases)
            await context.test(name, async () => {
                await body();
                assert.deepStrictEqual(page.troubles.splice(0), []);
            });
    } finally {
        await browser.close();
        fs.rmSync(scratch, { recursive: true });
    }
});

test("a box is as wide as its share", async () => {
    await page.open(plain);
    const boxes = await page.call(readBoxes), whole = boxes.find(box => box.name === "all");
    near(whole.width, 1180, "the whole");
    for (const [name, share] of [["main", 0.9], ["rest", 0.4], ["work", 0.5], ["loads", 0.3]])
        near(boxes.find(box => box.name === name).width, share * whole.width, name);
    assert.strictEqual(boxes.length, 7);
});

test("a click zooms to the box, the button resets", async () => {
    await page.open(plain);
    await clickBox(page, "work");
    const boxes = await page.call(readBoxes);
    assert.deepStrictEqual(boxes.map(box => box.name), ["all", "main", "work", "loads", "work"]);
    for (const box of boxes.slice(0, 3))
        near(box.width, 1180, box.name);
    near(boxes[3].width, 1180 * 0.6, "loads in work");
    assert.match(await hash(page), /^#zoom=\d+\.\d+$/);
    const reset = await page.run("(() => { const r = [...document.querySelectorAll('.button')]"
        + ".find(b => b.textContent.includes('Reset')).getBoundingClientRect();"
        + "return [r.x + r.width / 2, r.y + r.height / 2]; })()");
    await page.click(...reset);
    near((await boxNamed(page, "work")).width, 590, "work again");
    assert.strictEqual(await hash(page), "");
});

test("the way back leads out of the zoom", async () => {
    await page.open(plain);
    await clickBox(page, "work");
    await clickBox(page, "loads");
    near((await boxNamed(page, "loads")).width, 1180, "loads");
    await page.run("new Promise(done => { addEventListener('popstate', done); history.back(); })");
    near((await boxNamed(page, "loads")).width, 1180 * 0.6, "loads in work");
    near((await boxNamed(page, "work")).width, 1180, "work");
});

test("the address opens the same view", async () => {
    await page.open(plain);
    await clickBox(page, "work");
    await page.press("f", CTRL);
    await page.type("LOADS");
    await page.press("i", CTRL);
    const before = await page.call(readBoxes), said = await status(page);
    const address = await page.run("location.href");
    assert.match(address, /#zoom=.*&find=LOADS&case=no$/);
    await page.open(address);
    assert.deepStrictEqual(await page.call(readBoxes), before);
    assert.strictEqual(await status(page), said);
    assert.strictEqual(await page.run("document.querySelector('input').value"), "LOADS");
});

test("a search marks the matches and counts what they cover once", async () => {
    await page.open(plain);
    await page.press("f", CTRL);
    await page.type("^wor[k] ");
    assert.strictEqual(await status(page), "50 % matched, 500 samples");
    assert.strictEqual(await page.run("document.querySelectorAll('.hit').length"), 2);
    assert.match(await hash(page), /^#find=/);
    await page.press("Escape");
    assert.strictEqual(await status(page), "");
    assert.strictEqual(await page.run("document.querySelectorAll('.hit').length"), 0);
});

test("a search looks at files, and within what is shown", async () => {
    await page.open(plain + "#find=json/__init__.py");
    assert.strictEqual(await status(page), "30 % matched, 300 samples");
    await clickBox(page, "work");
    assert.strictEqual(await status(page), "60 % matched, 300 samples");
});

test("case is ignored on request", async () => {
    await page.open(plain + "#find=idle");
    assert.strictEqual(await status(page), "0 % matched, 0 samples");
    const [x, y] = await page.run("(() => { const r = document.querySelector('.button')"
        + ".getBoundingClientRect(); return [r.x + 5, r.y + 10]; })()");
    await page.click(x, y);
    assert.strictEqual(await status(page), "10 % matched, 100 samples");
    assert.strictEqual(await page.run("document.querySelector('.button').ariaPressed"), "true");
});

test("a pattern that is none is said to be none", async () => {
    await page.open(plain + "#find=%28");
    assert.strictEqual(await status(page), "not a regular expression");
    assert.strictEqual(await page.run("document.querySelectorAll('.hit').length"), 0);
});

test("hovering tells the details", async () => {
    await page.open(plain);
    const box = await boxNamed(page, "loads");
    await page.point(box.x + 20, box.y + 8);
    assert.deepStrictEqual(await page.call(tip), ["loads", LIBRARY + ":299",
        "300 samples, 30 % of all, 60 % of parent", "self 300 samples"]);
    await page.point(600, 5);
    assert.deepStrictEqual(await page.call(tip), []);
});

test("details include calls and stay within the window", async () => {
    const input = path.join(samples, "profiles/pstats/py3.13-cprofile-m-unittest.prof");
    await page.open(draw("large", input));
    const boxes = await page.call(readBoxes);
    for (const box of boxes.filter(b => b.width > 20).slice(0, 60)) {
        await page.point(box.x + box.width - 2, Math.min(box.y + 8, 795));
        const [x, y, right, bottom] = await page.run("(() => { const r = document.querySelector("
            + "'.tip').getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })()");
        assert.ok(x >= -1 && y >= -1 && right <= 1201 && bottom <= 801, [x, y, right, bottom].join());
    }
    const named = await boxNamed(page, "runTests");
    await page.point(named.x + 5, named.y + 8);
    assert.match((await page.call(tip)).join("\n"), /^runTests\n.*main\.py:\d+\n.* s, .* % of all, .*\nself .*, [\d,]+ calls?$/);
});

test("keys reach every box: Tab, arrows, Enter, Escape, Home", async () => {
    await page.open(plain);
    await page.press("Tab");
    assert.strictEqual(await page.call(focused), "all");
    const walk = [["ArrowUp", "main"], ["ArrowUp", "work"], ["ArrowLeft", "rest"],
        ["ArrowRight", "work"], ["ArrowUp", "loads"], ["ArrowDown", "work"], ["ArrowDown", "main"],
        ["ArrowLeft", "IDLE"], ["Home", "all"], ["ArrowUp", "main"], ["ArrowUp", "work"]];
    for (const [key, name] of walk) {
        await page.press(key);
        assert.strictEqual(await page.call(focused), name, key);
    }
    assert.strictEqual((await page.call(tip))[0], "work");
    await page.press("Enter");
    near((await boxNamed(page, "work")).width, 1180, "work");
    await page.press("Escape");
    near((await boxNamed(page, "work")).width, 590, "work again");
});

test("keys grow the other way in an icicle graph", async () => {
    await page.open(drawStacks("icicle", STACKS, "inverted"));
    await page.press("Tab");
    await page.press("ArrowDown");
    assert.strictEqual(await page.call(focused), "main");
    const [all, main] = [await boxNamed(page, "all"), await boxNamed(page, "main")];
    assert.ok(main.y > all.y);
});

test("Enter in the search goes to the first match", async () => {
    await page.open(plain);
    await page.press("/");
    await page.type("loads");
    await page.press("Enter");
    assert.strictEqual(await page.call(focused), "loads");
});

test("boxes are a tree to a screen reader", async () => {
    await page.open(plain);
    const roles = await page.run("[document.querySelector('.graph').getAttribute('role'),"
        + "document.querySelectorAll('[role=treeitem][aria-level][aria-label]').length,"
        + "document.querySelectorAll('[role=treeitem][tabindex=\"0\"]').length]");
    assert.deepStrictEqual(roles, ["tree", 7, 1]);
});

test("light and dark follow the reader, a theme doesn't", async () => {
    const fill = selector => page.run("getComputedStyle(document.querySelector('" + selector
        + "')).fill");
    const light = "rgb(255, 255, 255)", dark = "rgb(13, 17, 23)";
    for (const [url, scheme, expected] of [[plain, "light", light], [plain, "dark", dark],
        [drawStacks("dark", STACKS, "theme=dark"), "light", dark],
        [drawStacks("light", STACKS, "theme=light"), "dark", light]]) {
        await page.scheme(scheme);
        await page.open(url);
        assert.strictEqual(await fill("rect.back"), expected, url + " " + scheme);
        assert.notStrictEqual(await fill(".graph text"), expected);
    }
    await page.scheme("light");
});

// Texts that are wider than their boxes, smaller than 10 pixels, or lie on one another.
function misfits() {
    const faults = [], rows = new Map();
    for (const text of document.querySelectorAll(".graph text")) {
        const box = text.parentNode.querySelector("rect").getBoundingClientRect();
        const words = text.getBoundingClientRect();
        if (!words.width)
            continue;
        if (words.left < box.left - 0.5 || words.right > box.right + 0.5)
            faults.push(text.textContent + ": " + words.width + " in " + box.width);
        if (parseFloat(getComputedStyle(text).fontSize) < 10)
            faults.push(text.textContent + ": too small");
        rows.set(box.top, (rows.get(box.top) || []).concat({ at: words.left, to: words.right }));
    }
    const header = [...document.querySelectorAll(".facts text, .legend text")]
        .map(t => t.getBoundingClientRect());
    if (header.some(t => t.right > innerWidth + 1))
        faults.push("the header runs out of the picture");
    for (const row of rows.values())
        row.sort((a, b) => a.at - b.at).forEach((t, i) => {
            if (i && t.at < row[i - 1].to)
                faults.push("an overlap at " + t.at);
        });
    return faults;
}

test("without a script every text fits its box", async () => {
    await page.scripts(false);
    for (const name of ["py3.13-cprofile-m-unittest", "py3.13-cprofile-m-small", "yappi-recursive"]) {
        const input = path.join(samples, "profiles/pstats", name + ".prof");
        await page.open(draw("still", input));
        assert.deepStrictEqual(await page.call(misfits), [], name);
        assert.ok(await page.run("document.querySelectorAll('.graph text').length") > 10);
        assert.strictEqual(await page.run("document.querySelector('input')"), null);
    }
    await page.scripts(true);
});

test("a fluid graph is as wide as the window, and its texts are fitted again", async () => {
    const input = path.join(samples, "profiles/pstats/py3.13-cprofile-m-unittest.prof");
    await page.open(draw("fluid", input));
    for (const width of [500, 900, 1900]) {
        await page.size(width, 800);
        await page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        near((await boxNamed(page, "all")).width, width - 20, "the whole");
        if (width >= 900)
            assert.deepStrictEqual(await page.call(misfits), [], width);
    }
    await page.size(1200, 800);
    await clickBox(page, "runTests");
    assert.deepStrictEqual(await page.call(misfits), []);
});

// Of the legend: what chips say, those beyond the window, and how many lie on one another or on the
// graph.
function readLegend() {
    const chips = [...document.querySelectorAll(".legend > g")];
    const edges = chips.map(chip => chip.getBoundingClientRect());
    const all = edges.concat(document.querySelector(".graph").getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    return {
        texts: chips.filter((chip, i) => edges[i].width > 0).map(chip => chip.textContent),
        out: chips.filter((chip, i) => edges[i].right > innerWidth).map(chip => chip.textContent),
        overlaps: edges.filter((edge, i) => all.slice(i + 1).some(other => !apart(edge, other))).length,
        lines: new Set(edges.map(edge => Math.round(edge.top))).size,
    };
}

const SCALE = ["- gone 5 samples", "-50 %", "-20 %", "-9 %", "-2 %", "as before", "+2 %", "+10 %", "+25 %",
    "+100 %", "+ new 15 samples"];

function drawComparison(name, ...options) {
    const sides = [["lex 30", "ast 20", "old 5"], ["lex 10", "ast 40", "new 15"]].map((stacks, i) => {
        const file = path.join(scratch, name + i + ".folded");
        fs.writeFileSync(file, stacks.map(stack => "main;" + stack + "\n").join(""));
        return file;
    });
    const output = path.join(scratch, name + ".svg");
    const done = spawnSync(process.env.PROF2ANY, ["diff", "-q", ...sides, "-o", output,
        ...options.flatMap(option => ["-O", option])], { encoding: "utf8" });
    assert.strictEqual(done.status, 0, done.stderr);
    return "file://" + output;
}

test("a narrow window has the whole scale of a comparison", async () => {
    for (const width of [1200, 380]) {
        await page.open(drawComparison("scale" + width, "width=" + width));
        for (const window of [1200, 380, 320]) {
            await page.size(window, 800);
            await page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
            const { texts, out, overlaps, lines } = await page.call(readLegend);
            assert.deepStrictEqual([texts, out, overlaps], [SCALE, [], 0], width + " in " + window);
            assert.strictEqual(lines === 1, window === 1200, lines + " lines");
        }
        await page.size(1200, 800);
    }
});

test("a narrow picture has the whole scale of a comparison without a script, too", async () => {
    await page.scripts(false);
    await page.open(drawComparison("still", "width=380", "fluid=no"));
    const { texts, overlaps, lines } = await page.call(readLegend);
    assert.deepStrictEqual([texts, overlaps, lines], [SCALE, 0, 3]);
    await page.scripts(true);
});

test("a title and the controls don't lie on one another, nor on what is below", async () => {
    const url = drawStacks("titled", STACKS, "subtitle=a line below it");
    for (const width of [1200, 320]) {
        await page.size(width, 800);
        await page.open(url);
        await clickBox(page, "work");
        const rows = await page.run("['.title', 'input', '.p2a > .soft', '.facts', '.graph']"
            + ".map(s => document.querySelector(s).getBoundingClientRect())"
            + ".map(r => [r.left, r.right, r.top, r.bottom])");
        const [title, input, subtitle, facts, graph] = rows;
        assert.ok(input[0] > title[1] || input[3] <= title[2] + 1, [title, input].join(" | "));
        assert.ok(input[0] >= 0 && input[1] <= width, input.join());
        assert.strictEqual(input[3] <= title[2] + 1, width === 320);
        for (const [above, below] of [[title, subtitle], [subtitle, facts], [facts, graph]])
            assert.ok(above[2] < below[2] && above[3] <= below[2] + 3, rows.join(" | "));
    }
    await page.size(1200, 800);
});

// Boxes narrower than two pixels that have a border, and others that have none.
function wrongBorders() {
    return [...document.querySelectorAll(".graph > g > *")].map(box => box.querySelector("rect"))
        .map(rect => [rect.getBBox().width, getComputedStyle(rect).strokeWidth])
        .filter(([width, border]) => width > 0 && width < 2 !== (border === "0px"));
}

test("boxes too narrow for a border have none, at any zoom, with a script and without", async () => {
    const stacks = Array.from({ length: 3000 }, (_, i) => "m;g" + i % 300 + ";f" + i + " " + (i % 6 + 1));
    const url = drawStacks("flat", stacks, "frames=0", "minwidth=0");
    const thin = () => page.run("document.querySelectorAll('.thin').length");
    for (const on of [false, true]) {
        await page.scripts(on);
        await page.open(url);
        assert.deepStrictEqual(await page.call(wrongBorders), []);
        assert.ok(await thin() >= 3000);
    }
    await clickBox(page, "g5");
    const boxes = (await page.call(readBoxes)).filter(box => /^f/.test(box.name));
    assert.ok(boxes.length === 10 && boxes.every(box => box.width > 100));
    assert.deepStrictEqual(await page.call(wrongBorders), []);
});

test("a font of varied widths is measured", async () => {
    const input = path.join(samples, "profiles/pstats/py3.13-cprofile-m-unittest.prof");
    await page.open(draw("font", input, "font=sans-serif", "fontsize=14", "height=22"));
    assert.deepStrictEqual(await page.call(misfits), []);
});

test("a graph that isn't fluid keeps its width", async () => {
    await page.open(drawStacks("fixed", STACKS, "fluid=no", "width=800"));
    near((await boxNamed(page, "all")).width, 780, "the whole");
    await clickBox(page, "work");
    near((await boxNamed(page, "work")).width, 780, "work");
});

test("names are never live", async () => {
    const names = ["<script>alert(1)</script>", "]]><script>alert(2)</script>", "\"onload=\"alert(3)",
        "'><img src=x onerror=alert(4)>", "&ltb&gt&amp&#60b", "</title></g></svg><script>alert(5)</script>",
        "<!--", "<![CDATA[", "<?xml?>", "${alert(6)}", "javascript:alert(7)", "__proto__"];
    const url = drawStacks("hostile", names.map(name => "root;" + name + " 100"),
        "title=<script>alert(8)</script>", "notes=]]><b>", "subtitle=<i>&amp;", "countname=<u>");
    await page.open(url);
    const boxes = await page.run("[...document.querySelectorAll('[role=treeitem]')]"
        + ".map(b => b.getAttribute('aria-label').replace(/, \\d+ <u>, .*/, ''))");
    for (const name of names)
        assert.ok(boxes.includes(name), name + " in " + boxes.join(" | "));
    assert.strictEqual(await page.run("document.querySelectorAll('script').length"), 1);
    assert.strictEqual(await page.run("document.querySelectorAll('img, b, i, u').length"), 0);
    for (let i = 0; i < names.length; i++) {
        await page.press("Tab");
        await page.press("ArrowRight");
    }
    const box = (await page.call(readBoxes)).pop();
    await page.point(box.x + 2, box.y + 2);
    await page.run("location.hash = '#find=' + encodeURIComponent('<img src=x onerror=alert(9)>|alert')");
    assert.match(await status(page), /matched/);
});

test("broken bytes are shown as broken", async () => {
    const bytes = Buffer.concat([Buffer.from("root;a\0b\x01c"), Buffer.from([0xff, 0xfe, 0xed, 0xa0, 0x80]),
        Buffer.from("z\u202e\ufffe 10\n")]);
    await page.open(drawStacks("broken", bytes));
    const label = await page.run("document.querySelectorAll('[role=treeitem]')[2].ariaLabel");
    assert.ok(label.startsWith("a\ufffdb\ufffdc\ufffd\ufffd\ufffd\ufffd\ufffdz"), label);
});

test("a link leads to the source with Ctrl, a click zooms", async () => {
    const url = drawStacks("links", STACKS, "link=https://code.example/{file}?x=1&y={name}#L{line}");
    await page.open(url);
    const links = await page.run("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))");
    assert.ok(links.includes("https://code.example//home/me/app.py?x=1&y=work#L10"), links.join());
    assert.strictEqual(links.length, 5);
    await clickBox(page, "work");
    near((await boxNamed(page, "work")).width, 1180, "work");
    assert.match(await page.run("location.href"), /^file:.*#zoom=/);
});

test("a cropped tower is seen when one zooms in", async () => {
    const tower = Array.from({ length: 50 }, (_, i) => "f" + i).join(";");
    await page.open(drawStacks("tower", ["a " + 970, "a;" + tower + " 30"]));
    assert.strictEqual((await page.call(readBoxes)).length, 2);
    await page.open(drawStacks("tower", ["a " + 970, "a;" + tower + " 30"], "crop=0"));
    assert.strictEqual((await page.call(readBoxes)).length, 52);
    await page.open(drawStacks("tower", ["a " + 900, "a;" + tower + " 30", "a;b;c 40"]));
    await clickBox(page, "f0");
    assert.strictEqual((await page.call(readBoxes)).length, 52);
    await page.press("Escape");
    assert.ok((await page.call(readBoxes)).length < 10);
});
