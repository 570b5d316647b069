import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commentOf, writeCommentPage } from "../../docs/pictures/comment-page.ts";
import { drawings } from "../../docs/pictures/drawings.ts";
import { isMadeOf, noteSource } from "../../docs/pictures/png.ts";
import { drawTerminal } from "../../docs/pictures/terminal.ts";
import { filesOf, readText, root } from "../support/repository.ts";

const folder = join(root, "docs/pictures");
const comment = commentOf(readText("docs/examples/comment.md"));
const files = readdirSync(folder).filter((file) => !file.endsWith(".ts"));

test("every drawing is what `npm run pictures` makes of its text today", () => {
	for (const [file, draw] of Object.entries(drawings)) assert.equal(readText(`docs/pictures/${file}`), draw(), file);
});

test("the screenshot is of the comment in docs/examples/comment.md, and small", () => {
	const file = join(folder, "comment.png");
	const png = readFileSync(file);
	assert.ok(isMadeOf(png, comment), "`npm run pictures` takes it anew, with Debian's chromium");
	assert.ok(!isMadeOf(png, `${comment} `));
	assert.ok(statSync(file).size < 200_000);
});

test("a note leaves a picture as it was", () => {
	const pixel = Buffer.from(
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
		"base64",
	);
	const noted = noteSource(pixel, "text");
	assert.ok(isMadeOf(noted, "text") && !isMadeOf(noted, "other"));
	assert.deepEqual(Buffer.concat([noted.subarray(0, 33), noted.subarray(-(pixel.length - 33))]), pixel);
});

test("the comment is rendered as GitHub does: tables, lists in lists, a folded preview, ends of lines", () => {
	const html = writeCommentPage(comment);
	assert.match(html, /<th>Difference<\/th>/);
	assert.match(html, /<li><strong>app portal<\/strong>: [^<]*<ul>\n<li>/);
	assert.match(html, /<details><summary>pulumi preview<\/summary>\s*<pre><code class="language-text">Previewing/);
	assert.match(writeCommentPage("<!-- preview of x -->\n\none\ntwo"), /<p>one<br>two<\/p>/);
});

test("a long line of a terminal goes on below, and nothing in it is markup", () => {
	const svg = drawTerminal(`  ${"word ".repeat(40)}<end> & more`, "A <title>");
	assert.match(svg, /<title>A &lt;title&gt;<\/title>/);
	const rows = [...svg.matchAll(/preserve">(.*)<\/text>/g)].map(([, row = ""]) => row);
	assert.equal(rows.length, 2);
	assert.match(rows[1] ?? "", /^ {4}word .*&lt;end&gt; &amp; more$/);
});

test("no picture and no text of one names a machine or a path on it", () => {
	const texts = files.filter((file) => !file.endsWith(".png")).map((file) => readText(`docs/pictures/${file}`));
	for (const text of [...texts, comment]) {
		assert.doesNotMatch(text, /\/(tmp|home|root|work|Users)\/|localhost|127\.0\.0\.1/);
	}
});

test("every picture is in a page, with words for whoever does not see it", () => {
	const pages = filesOf(".md").map((page) => readText(page));
	for (const file of files.filter((one) => /\.(svg|png)$/.test(one))) {
		const shown = pages.flatMap((page) => [...page.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)]);
		const found = shown.find(([, , target = ""]) => target.endsWith(`pictures/${file}`));
		assert.ok((found?.[1] ?? "").length > 20, file);
	}
});
