// speedscope.js RELEASE FILE...: loads each file in speedscope's page; prints what the page says of them.
"use strict";
const fs = require("node:fs"), path = require("node:path");
const { find, Browser } = require("../web/chromium.js");

const [release, ...files] = process.argv.slice(2);
const pause = () => new Promise(resolve => setTimeout(resolve, 100));

// As `speedscope FILE` does: a script hands the profile over when the page has started.
async function load(browser, file) {
    const text = fs.readFileSync(file).toString("base64"), name = JSON.stringify(path.basename(file));
    fs.writeFileSync(file + ".js", `speedscope.loadFileFromBase64(${name}, "${text}")`);
    const page = await browser.page();
    await page.open("file://" + release + "/index.html#localProfilePath=" + file + ".js");
    const shown = () => page.run("({ title: document.title, text: document.body.innerText })");
    let now = await shown();
    for (let i = 0; i < 200 && !/Sandwich|wrong/.test(now.text); i++, now = await shown())
        await pause();
    await pause();
    now = await shown();
    if (process.env.SHOTS)
        await page.shot(path.join(process.env.SHOTS, path.basename(file) + ".png"));
    return { ...now, troubles: page.troubles };
}

async function main() {
    const program = find();
    if (!program)
        process.exit(77);
    const browser = new Browser(program), all = [];
    for (const file of files)
        all.push(await load(browser, file));
    await browser.close();
    console.log(JSON.stringify(all));
}

main().catch(error => {
    console.log(error.stack);
    process.exit(1);
});
