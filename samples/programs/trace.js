// trace.js PAGE OUT: Chromium's timeline of a page, with the samples of V8's profiler, as DevTools saves it.
"use strict";
const fs = require("node:fs"), path = require("node:path");
const { find, Browser } = require("../../tests/web/chromium.js");

async function main(page, out) {
    const browser = new Browser(find()), events = [];
    const ended = new Promise(resolve => browser.listeners.push(({ method, params }) => {
        if (method === "Tracing.dataCollected")
            events.push(...params.value);
        if (method === "Tracing.tracingComplete")
            resolve();
    }));
    const tab = await browser.page();
    await browser.send("Tracing.start", { traceConfig: { includedCategories: [
        "v8.execute", "disabled-by-default-v8.cpu_profiler"], excludedCategories: ["*"] } });
    await tab.open("file://" + path.resolve(page));
    await browser.send("Tracing.end");
    await ended;
    // Chromium's own processes are left out: their names are long, and there are many.
    const pages = new Set(events.filter(event => JSON.stringify(event).includes(path.basename(page, ".html")))
        .map(event => event.pid));
    const rows = events.filter(event => pages.has(event.pid) && event.name !== "process_name")
        .map(event => JSON.stringify(event));
    fs.writeFileSync(out, '{"traceEvents":[\n' + rows.join(",\n") + "\n]}\n");
    await browser.close();
}

main(...process.argv.slice(2)).catch(error => {
    console.error(error);
    process.exit(1);
});
