// Chromium's own DevTools take the CPU profiles that prof2any writes: their model of a profile, loaded in their
// page, has the same functions and times.
"use strict";
const assert = require("node:assert"), fs = require("node:fs"), os = require("node:os"), path = require("node:path");
const { spawnSync } = require("node:child_process");
const { find, Browser } = require("../web/chromium.js");

const inputs = ["cpuprofile/node-small.cpuprofile", "pstats/py3.13-cprofile-m-recursive.prof",
    "folded/handmade-marks.folded", "speedscope/handmade-evented.speedscope.json"];

function written(input) {
    const out = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "p2a-devtools-")), "out.cpuprofile");
    const { status, stderr } = spawnSync(process.env.PROF2ANY, [input, "-f", "cpuprofile", "-o", out]);
    assert.equal(status, 0, String(stderr));
    const profile = JSON.parse(fs.readFileSync(out, "utf8"));
    fs.rmSync(path.dirname(out), { recursive: true });
    return profile;
}

// Milliseconds of self time by name, told by the hit counts.
function expected(profile) {
    const times = {};
    for (const { callFrame, hitCount } of profile.nodes)
        if (hitCount)
            times[callFrame.functionName] = (times[callFrame.functionName] || 0) + hitCount / 1000;
    return times;
}

// In the page of DevTools: self times of the frames in their flame chart, and of the nodes in their tree.
async function model(profile) {
    const url = "devtools://devtools/bundled/models/cpu_profile/cpu_profile.js";
    const { CPUProfileDataModel } = await import(url).catch(() => ({}));
    if (!CPUProfileDataModel)
        return null;
    const data = new CPUProfileDataModel.CPUProfileDataModel(profile), chart = {}, tree = {};
    data.forEachFrame(() => {}, (depth, node, samples, start, duration, self) => {
        chart[node.functionName] = (chart[node.functionName] || 0) + self;
    });
    const nodes = [data.profileHead];
    for (let node; (node = nodes.pop()); nodes.push(...node.children))
        tree[node.functionName] = (tree[node.functionName] || 0) + node.self;
    return { chart, tree, length: data.profileEndTime - data.profileStartTime };
}

function compare(input, what, got, times, scale) {
    for (const [name, time] of Object.entries(times))
        assert.ok(Math.abs((got[name] || 0) * scale - time) < 1e-6 + time * 1e-9,
            `${input}: ${name} has ${got[name] * scale} ms in the ${what}, expected ${time}`);
}

async function main() {
    const program = find();
    if (!program)
        process.exit(77);
    const browser = new Browser(program), page = await browser.page();
    await page.open("devtools://devtools/bundled/js_app.html");
    for (const input of inputs) {
        const profile = written(path.join(process.env.SAMPLES, "profiles", input)), times = expected(profile);
        const got = await page.call(model, profile);
        if (!got) {
            console.log("skipped: this Chromium has its model of profiles somewhere else");
            process.exitCode = 77;
            break;
        }
        const sum = Object.values(times).reduce((a, b) => a + b, 0);
        compare(input, "flame chart", got.chart, times, 1);
        // The tree spreads the length of the profile over the hits, and takes the last sample to be as long as others.
        compare(input, "tree", got.tree, times, sum / Object.values(got.tree).reduce((a, b) => a + b, 0));
        assert.ok(got.length >= sum, `${input}: ${got.length} ms long, expected ${sum}`);
    }
    await browser.close();
}

main().catch(error => {
    console.log(error.stack);
    process.exit(1);
});
