// export.js RELEASE FILE OUT: what speedscope's page saves of a profile that it has loaded.
"use strict";
const fs = require("node:fs"), os = require("node:os"), path = require("node:path");
const { find, Browser } = require("../../tests/web/chromium.js");

const pause = () => new Promise(resolve => setTimeout(resolve, 200));

// In the page: the item of the tool bar that saves.
function click() {
    const items = [...document.querySelectorAll("div")].filter(item => /Export$/.test(item.innerText.trim()));
    if (items.length)
        items.pop().click();
    return items.length > 0;
}

async function main(release, file, out) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "p2a-export-"));
    const script = path.join(folder, "profile.js"), text = fs.readFileSync(file).toString("base64");
    fs.writeFileSync(script, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(file))}, "${text}")`);
    const browser = new Browser(find()), page = await browser.page();
    await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
    await page.open("file://" + release + "/index.html#localProfilePath=" + script);
    let saved;
    for (let i = 0; i < 50 && !(await page.call(click)); i++)
        await pause();
    for (let i = 0; i < 50 && !(saved = fs.readdirSync(folder).find(name => name.endsWith(".json"))); i++)
        await pause();
    fs.copyFileSync(path.join(folder, saved), out);
    await browser.close();
    fs.rmSync(folder, { recursive: true });
}

main(...process.argv.slice(2)).catch(error => {
    console.error(error);
    process.exit(1);
});
