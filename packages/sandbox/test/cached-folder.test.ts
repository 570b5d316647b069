import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { cachedFolder } from "../cached-folder.ts";

let cache: string;
before(async () => {
	cache = await mkdtemp(path.join(os.tmpdir(), "cache-"));
});
after(() => rm(cache, { recursive: true, force: true }));

test("of several that make a folder at once one is kept, whole, and nothing is left of the others; it is not made again", async () => {
	const folder = path.join(cache, "at-once", "made-1");
	let made = 0;
	const make = async (partial: string) => {
		made += 1;
		await writeFile(path.join(partial, "first"), "1");
		await new Promise((resolve) => setTimeout(resolve, 20));
		await writeFile(path.join(partial, "second"), "2");
	};
	await Promise.all([1, 2, 3].map(() => cachedFolder(folder, make)));
	assert.equal(made, 3);
	assert.deepEqual(await readdir(path.dirname(folder)), ["made-1"]);
	assert.deepEqual((await readdir(folder)).sort(), ["first", "second"]);
	await cachedFolder(folder, make);
	assert.equal(made, 3);
});

test("what fails leaves nothing, and the next one makes it", async () => {
	const folder = path.join(cache, "fails", "made-1");
	const fail = async (partial: string) => {
		await writeFile(path.join(partial, "half"), "");
		throw new Error("no");
	};
	await assert.rejects(cachedFolder(folder, fail), /no/);
	assert.deepEqual(await readdir(path.dirname(folder)), []);
	await cachedFolder(folder, (partial) => writeFile(path.join(partial, "whole"), "yes"));
	assert.equal(await readFile(path.join(folder, "whole"), "utf8"), "yes");
});

test("what a killed run has left of the folder goes with the next one, where it is old; others' folders stay", async () => {
	const place = path.join(cache, "killed");
	const names = ["made-1-old123", "made-1-new123", "made-2", "made-10"];
	for (const name of names) await mkdir(path.join(place, name), { recursive: true });
	const before = new Date(Date.now() - 2 * 3_600_000);
	for (const name of names.filter((one) => one !== "made-1-new123"))
		await utimes(path.join(place, name), before, before);
	await cachedFolder(path.join(place, "made-1"), async () => {});
	assert.deepEqual((await readdir(place)).sort(), ["made-1", "made-1-new123", "made-10", "made-2"]);
});
