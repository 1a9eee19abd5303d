// What is drawn of hostile names, in a browser that would run what it is given: nothing runs. That the
// trap works is seen first.
"use strict";
const test = require("node:test"), assert = require("node:assert");
const fs = require("node:fs"), os = require("node:os"), path = require("node:path");
const { spawnSync } = require("node:child_process");
const { pathToFileURL } = require("node:url");
const { Browser, find } = require("../web/chromium.js");

const program = find();
if (!program) {
    console.log("skipped: there is no Chromium on this machine (Debian package chromium)");
    process.exit(77);
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "p2a-names-"));
const url = name => pathToFileURL(path.join(folder, name)).href;
let browser, page;

test.before(async () => {
    const made = spawnSync("python3", [path.join(__dirname, "hostile.py"), "write", folder], { encoding: "utf8" });
    assert.strictEqual(made.status, 0, made.stderr);
    browser = new Browser(program);
    page = await browser.page();
});

test.after(async () => {
    await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
});

// Everything that can be pressed is pressed, and the mouse comes over everything.
function touchAll() {
    const events = ["mouseover", "mouseenter", "mousemove", "focus", "mousedown", "mouseup", "click", "load", "error"];
    for (const element of document.querySelectorAll("*"))
        if (element.localName !== "script")
            for (const type of events)
                element.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true }));
    return document.querySelectorAll("*").length;
}

const hrefs = "[...document.querySelectorAll('[*|href], [src], [action]')]"
    + ".map(e => e.getAttribute('href') || e.getAttribute('xlink:href') || e.getAttribute('src') || '')"
    + ".filter(link => link && !link.startsWith('#'))";

async function untouched(name, scripts, links) {
    page.troubles.length = 0;
    await page.open(url(name));
    assert.ok(await page.call(touchAll) > 100, name);
    assert.strictEqual(await page.run("document.querySelectorAll('script').length"), scripts);
    const found = await page.run(hrefs);
    assert.ok(found.every(link => links.test(link)), found.join("\n"));
    assert.deepStrictEqual(page.troubles, []);
}

test("the trap shuts", async () => {
    fs.writeFileSync(path.join(folder, "control.html"), "<p onclick='alert(1)'>x</p><img src=x onerror='alert(2)'>");
    await page.open(url("control.html"));
    await page.call(touchAll);
    assert.ok(page.troubles.length >= 2, page.troubles.join("\n"));
});

test("a flame graph runs its own script alone", () => untouched("flame.svg", 1, /^$/));

const there = name => ({ skip: !spawnSync("sh", ["-c", "command -v " + name]).stdout.length });

test("what dot draws runs nothing", there("dot"), () => untouched("graph.svg", 0, /^$/));

test("what is rendered of a Markdown table runs nothing", there("cmark-gfm"),
    () => untouched("page.html", 0, /^$/));
