/**
 * `npm run pictures`: the pictures of the pages, from what the program printed in the sandbox: `preview.txt`, `night.txt` and
 * `docs/examples/comment.md`, which tests hold to what it prints today. `UPDATE_GOLDEN=1` on those tests records them anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeScreenshot } from "./browser.ts";
import { commentOf, pageWidth, writeCommentPage } from "./comment-page.ts";
import { drawings } from "./drawings.ts";
import { noteSource } from "./png.ts";

const folder = import.meta.dirname;
for (const [file, draw] of Object.entries(drawings)) writeFileSync(join(folder, file), draw());
const comment = commentOf(readFileSync(join(folder, "../examples/comment.md"), "utf8"));
const picture = takeScreenshot(writeCommentPage(comment), pageWidth);
writeFileSync(join(folder, "comment.png"), noteSource(picture, comment));
