// The rules that src/web keeps: strict, small, and nothing that turns text into markup or code.
"use strict";
const fs = require("node:fs"), path = require("node:path"), vm = require("node:vm");

const directory = path.join(process.env.SOURCE || path.join(__dirname, "../.."), "src/web");
const rules = [
    [/\t/, "a tab"],
    [/ $/, "a blank at the end"],
    [/^.{101,}/, "more than 100 columns"],
    [/\bvar\b/, "var: let or const"],
    [/\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc)\b/, "text made markup"],
    [/\b(eval|Function)\s*\(|set(Timeout|Interval)\(\s*["'`]/, "text made code"],
    [/\bconsole\b|\bdebugger\b|\balert\b|\bprompt\(/, "left from trying out"],
    [/[^=!<>]==[^=]|!=[^=]/, "== or !=: === or !=="],
    [/;\s*;/, "an empty statement"],
    [/https?:\/\/(?!www\.w3\.org\/)/, "an address: pictures load nothing"],
    [/`/, "a template: the build drops indentation"], // in a pattern: \x60
];
const faults = [];

function tell(file, line, text) {
    faults.push(path.basename(file) + ":" + line + ": " + text);
}

function lintLines(file, text) {
    text.split("\n").forEach((line, i) => {
        const code = line.replace(/^\s*\/\/.*/, "");
        for (const [rule, what] of rules)
            if (rule.test(rule === rules[2][0] ? line : code))
                tell(file, i + 1, what);
    });
    if (!text.endsWith("\n") || text.endsWith("\n\n"))
        tell(file, text.split("\n").length, "one line end at the end");
}

function lintScript(file, text) {
    new vm.Script(text, { filename: file });
    if (!/^\(function \(\) \{\n {4}"use strict";/m.test(text))
        tell(file, 1, "a function of its own, strict");
    for (const [, name] of text.matchAll(/(?:function|const|let) (\w+)/g))
        if (text.match(new RegExp("\\b" + name + "\\b", "g")).length < 2)
            tell(file, 1, name + " isn't used");
    const lines = text.split("\n");
    lines.forEach((line, i) => {
        const start = /^( *)(?:async )?function (\w+)/.exec(line);
        if (!start || start[2] === "start")
            return;
        const end = lines.findIndex((l, k) => k > i && l === start[1] + "}");
        if (end - i > 60)
            tell(file, i + 1, start[2] + " is " + (end - i) + " lines long");
    });
}

const files = fs.readdirSync(directory).filter(name => /\.(js|css)$/.test(name));
for (const name of files) {
    const file = path.join(directory, name), text = fs.readFileSync(file, "utf8");
    lintLines(file, text);
    if (name.endsWith(".js"))
        lintScript(file, text);
    else if (/@import|url\((?!#)/.test(text))
        tell(file, 1, "a style that loads something");
}
for (const fault of faults)
    console.error(fault);
console.log(files.length + " files, " + faults.length + " faults");
process.exitCode = files.length === 0 || faults.length > 0 ? 1 : 0;
