// mermaid.js LIBRARY FILE...: draws each file with Mermaid in a page; prints what can be seen of it.
"use strict";
const fs = require("node:fs"), os = require("node:os"), path = require("node:path");
const { find, Browser } = require("../web/chromium.js");

const [library, ...files] = process.argv.slice(2);

// In the page. Mermaid's own settings, as on GitHub. `odd`: elements that a label must not become.
async function draw(text) {
    const out = document.getElementById("out");
    const texts = selector => [...out.querySelectorAll(selector)].map(e => e.innerText || e.textContent);
    try {
        out.innerHTML = (await mermaid.render("picture", text)).svg;
    } catch (error) {
        return { error: String(error) };
    }
    return {
        error: "",
        nodes: out.querySelectorAll(".node").length,
        links: out.querySelectorAll(".edgePaths path").length,
        title: texts(".flowchartTitleText").join(""),
        labels: texts(".nodeLabel"),
        odd: [...out.querySelectorAll("script, img, a, i, b, em, strong, code, del, math, li, h1, blockquote")]
            .map(e => e.outerHTML),
    };
}

async function main() {
    const program = find();
    if (!program)
        process.exit(77);
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "p2a-mermaid-"));
    const start = path.join(home, "page.html");
    fs.writeFileSync(start, `<!doctype html><meta charset="utf-8"><div id="out"></div><script src="file://${library}"></script>`);
    const browser = new Browser(program), all = [];
    for (const file of files) {
        const page = await browser.page();
        await page.open("file://" + start);
        await page.run("mermaid.initialize({ startOnLoad: false }), 1");
        const picture = await page.call(draw, fs.readFileSync(file, "utf8"));
        if (process.env.SHOTS)
            await page.shot(path.join(process.env.SHOTS, path.basename(file) + ".png"));
        all.push({ ...picture, troubles: page.troubles });
    }
    await browser.close();
    fs.rmSync(home, { recursive: true, force: true });
    console.log(JSON.stringify(all));
}

main().catch(error => {
    console.log(error.stack);
    process.exit(1);
});
