import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { anchorsOf, filesOf, readText, root, withoutCode } from "../support/repository.ts";

const pages = filesOf(".md");

/** The links of a page that lead to files of the repository or to places in them. */
function linksOf(page: string): string[] {
	const links = [...withoutCode(readText(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
	return links.filter((target) => !/^[a-z]+:/.test(target));
}

/** Why a link leads nowhere; undefined where it leads somewhere. */
function faultOf(page: string, link: string): string | undefined {
	const [path = "", anchor] = link.split("#");
	const file = path === "" ? page : normalize(join(dirname(page), path));
	if (!existsSync(join(root, file))) return `${page}: ${link}: there is no ${file}`;
	if (anchor === undefined || anchorsOf(readText(file)).has(anchor)) return undefined;
	return `${page}: ${link}: ${file} has no such heading`;
}

test("every link of a page to a file of the repository, and to a heading in it, leads there", () => {
	const links = pages.flatMap((page) => linksOf(page).map((link) => faultOf(page, link)));
	assert.ok(links.length > 40, String(links.length));
	assert.deepEqual(
		links.filter((fault) => fault !== undefined),
		[],
	);
});

test("every page that a message of import names is there, and its heading", () => {
	const named = filesOf(".ts")
		.filter((file) => file.startsWith("import/"))
		.flatMap((file) => readText(file).match(/docs\/[\w./-]+\.md(#[\w-]+)?/g) ?? []);
	assert.ok(new Set(named).size > 5, named.join());
	assert.deepEqual(
		named.map((page) => faultOf("README.md", page)).filter((fault) => fault !== undefined),
		[],
	);
});

test("a link to a file or a heading that is not there is found", () => {
	assert.match(faultOf("README.md", "docs/none.md") ?? "", /there is no docs\/none\.md/);
	assert.match(faultOf("docs/azure.md", "../README.md#none") ?? "", /README\.md has no such heading/);
	assert.equal(faultOf("docs/azure.md", "../README.md#try-it-without-an-account"), undefined);
});

test("every page of the documentation is listed in docs/README.md, or in the README of its folder", () => {
	const listed = ["docs", "docs/configuration"].flatMap((folder) =>
		linksOf(`${folder}/README.md`).map((link) => normalize(join(folder, link))),
	);
	// A page that `npm run move -- plan --write docs` makes is a stage's own.
	const isOwn = (page: string) => /^docs\/move-[\w.-]+\.md$/.test(page);
	const missing = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md" && !isOwn(page));
	assert.deepEqual(
		missing.filter((page) => !listed.includes(page) && !page.startsWith("docs/facts/")),
		[],
	);
});
