import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf, headingsOf, readText } from "../support/repository.ts";

/** A place that cites a fact: the file that it is in, the page, and the section unless the whole page is meant. */
interface Citation {
	from: string;
	page: string;
	section: string | undefined;
}

/** What a text cites; a citation may run over the end of a line of a comment. */
function citationsIn(from: string, text: string): Citation[] {
	const flat = text.replace(/\n\s*(?:\*(?!\/)|\/\/|#)?\s*/g, " ");
	return [...flat.matchAll(/facts\/([a-z-]+)\.md`?((?:(?:,| and)? ?§[\w.]*\w)*)/g)].flatMap(
		([, page = "", list = ""]) => {
			const sections = [...list.matchAll(/§([\w.]*\w)/g)].map(([, section]) => section);
			return (sections.length === 0 ? [undefined] : sections).map((section) => ({ from, page, section }));
		},
	);
}

const pages = new Map(
	filesOf(".md")
		.filter((file) => file.startsWith("docs/facts/"))
		.map((file) => [file.slice("docs/facts/".length, -".md".length), readText(file)]),
);
const citations = filesOf(".ts", ".js", ".mjs", ".md")
	.filter((file) => !file.startsWith("docs/facts/"))
	.flatMap((file) => citationsIn(file, readText(file)));

/** Numbers of the sections of a page: of `## §2.1 Sizes` it is `2.1`. */
function sectionsOf(page: string): string[] {
	return headingsOf(pages.get(page) ?? "").flatMap((heading) => /^§([\w.]*\w) /.exec(heading)?.slice(1) ?? []);
}

test("every fact that is cited stands in docs/facts", () => {
	const missing = citations.filter(
		({ page, section }) => !pages.has(page) || (section !== undefined && !sectionsOf(page).includes(section)),
	);
	assert.ok(citations.length > 100, String(citations.length));
	assert.deepEqual(
		missing.map(({ from, page, section }) => `${from}: ${page} §${section}`),
		[],
	);
});

test("every section of a page has a number of its own, and says where its facts come from", () => {
	const source = /\b(run|read|documented|concluded)\b/i;
	for (const [name, text] of pages) {
		const sections = sectionsOf(name);
		assert.deepEqual([...new Set(sections)], sections, name);
		for (const part of text.split(/^#+ (?=§)/m).slice(1)) {
			const [heading = "", ...body] = part.split("\n");
			// A heading may stand for those below it.
			if (body.join("").trim() !== "") assert.match(body.join("\n"), source, `${name}: ${heading}`);
		}
	}
});

test("a citation is read over the end of a line, with all of its sections", () => {
	// The folder's name is put in here, or this file would cite pages that are not there.
	const text = "/**\n * Routes (F/a.md\n * §3.4, §3.5), and `F/b.md` §1b.\n */ // F/c.md: x".replaceAll("F/", "facts/");
	assert.deepEqual(
		citationsIn("f", text).map(({ page, section }) => [page, section]),
		[
			["a", "3.4"],
			["a", "3.5"],
			["b", "1b"],
			["c", undefined],
		],
	);
});
