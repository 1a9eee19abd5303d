// node shot.js PICTURE.svg OUT.png light|dark: what Chromium shows of it, as large as it is.
"use strict";
const path = require("node:path");
const { find, Browser } = require("./chromium.js");

async function shoot(picture, output, scheme) {
    const browser = new Browser(find()), page = await browser.page();
    await page.scheme(scheme);
    await page.scripts(false);
    await page.open("file://" + path.resolve(picture));
    const [width, height] = await page.run("[document.documentElement.width.baseVal.value,"
        + " document.documentElement.height.baseVal.value]");
    await page.size(Math.round(width), Math.round(height));
    await page.shot(output);
    await browser.close();
}

shoot(...process.argv.slice(2));
