import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { LONG_AGO, namesOf, ObjectWorld } from "./world.ts";

let world: ObjectWorld;
before(async () => {
	world = await ObjectWorld.start();
});
beforeEach(() => world.reset());
after(() => world?.stop());

const KINDS = {
	headers: {
		"Content-Type": "application/pdf",
		"Content-Encoding": "gzip",
		"Content-Language": "fr-CA",
		"Content-Disposition": 'attachment; filename="scan.pdf"',
		"Cache-Control": "no-store",
	},
	metadata: { patient_scan: "7", origin: "fax 12" },
	tags: { kind: "scan", year: "2026" },
};

/** Nothing differs, and nothing is left to do. */
async function assertWhole(): Promise<void> {
	const { passed, proof } = await world.pass({ deep: true, finishedMs: Date.now() + LONG_AGO });
	assert.deepEqual([passed.copied, namesOf(passed.failures), namesOf(proof.differences)], [0, [], []]);
}

test("blocks, large blocks, append and page blobs, empty ones: copied with all that they carry, by the service itself", async () => {
	world.put("small", "one", KINDS);
	world.put("empty", "");
	world.put("large", randomBytes(5_000), { ...KINDS, tier: "Cool", md5: undefined });
	world.put("log", randomBytes(1_300), { ...KINDS, type: "AppendBlob", isSealed: true });
	const disk = Buffer.alloc(4_096);
	randomBytes(512).copy(disk, 1_024);
	world.put("disk.vhd", disk, { ...KINDS, type: "PageBlob" });
	const { passed, proof } = await world.pass({ deep: true });
	assert.deepEqual([passed.copied, passed.kept, namesOf(passed.failures)], [5, 0, []]);
	assert.deepEqual([proof.objects, proof.summed, proof.withoutMd5, namesOf(proof.differences)], [5, 4, 1, []]);
	for (const [name, from] of world.source.containers.get("files") ?? []) {
		const { etag: _e, modified: _m, ...to } = world.copies.get(name) ?? assert.fail(name);
		const { etag: _of, modified: _at, ...expected } = from;
		assert.deepEqual(
			{ isSealed: undefined, tier: undefined, ...to },
			{ isSealed: undefined, tier: undefined, ...expected },
			name,
		);
	}
	const bytesRead = world.service.seen.filter(
		({ operation, account }) => operation === "read" && account === "medstack",
	);
	assert.equal(bytesRead.length, 4, "only the proof reads bytes");
	await assertWhole();
});

test("names of every kind arrive as they are; one that no URL leads to is named by its count", async () => {
	const names = [
		"with space",
		"per%cent",
		"per%20cent",
		"what?",
		"a#b",
		"a&b=c",
		"plus+",
		"ünïcodé/日本.pdf",
		"😀",
		"\uffee",
		"trailing.",
		"dir/sub//x",
		"back\\slash",
		"quote'\"<>",
		" lead",
		"123",
		"null",
		"\uffff",
		"x".repeat(1_024),
		"..up/.x/y..",
	];
	for (const name of names) world.put(name, name);
	world.put("a/../b", "hidden");
	world.put("./c", "hidden");
	const { passed, proof } = await world.pass({ pageSize: 3, chunk: 4 });
	assert.deepEqual([...world.copies.keys()].sort(), [...names].sort());
	assert.deepEqual(namesOf(passed.failures), [["name", ["./c", "a/../b"]]]);
	assert.deepEqual([...proof.differences.keys()], ["missing"]);
	for (const name of names) assert.equal(world.copies.get(name)?.data.toString(), name);
});

test("an empty container is copied", async () => {
	const { passed, proof } = await world.pass({ live: false });
	assert.deepEqual([passed.copied, proof.objects, proof.extra], [0, 0, 0]);
});

test("the second pass copies what has changed alone: new, longer, other bytes of the same length without an MD5, other tags", async () => {
	for (const name of ["same", "longer", "bytes", "tags", "meta"]) world.put(name, "text", { md5: undefined });
	await world.pass();
	world.service.seen.length = 0;
	const again = await world.pass();
	assert.deepEqual([again.passed.copied, again.passed.kept], [0, 5]);
	const now = { modified: Date.now() };
	world.put("new", "text", now);
	world.put("longer", "text text", now);
	world.put("bytes", "TEXT", { md5: undefined, ...now });
	world.put("tags", "text", { md5: undefined, tags: { kind: "scan" } });
	world.put("meta", "text", { md5: undefined, metadata: { a: "b" } });
	const { passed, proof } = await world.pass({ live: false });
	assert.deepEqual([passed.copied, passed.kept, namesOf(proof.differences)], [5, 1, []]);
	assert.equal(world.copies.get("bytes")?.data.toString(), "TEXT");
	await assertWhole();
});

test("what stood in the target before the first pass is copied over, unless it was copied since", async () => {
	world.put("a", "text", { md5: undefined });
	world.target.put("documents", "a", "TEXT", { md5: undefined, modified: Date.now() - LONG_AGO / 2 });
	const { passed } = await world.pass();
	assert.equal(passed.copied, 1);
	assert.equal(world.copies.get("a")?.data.toString(), "text");
});

test("deletions are applied in the last pass alone, to unchanged copies alone, and are counted", async () => {
	for (const name of ["stays", "goes", "changed"]) world.put(name, name);
	world.target.put("documents", "foreign", "of somebody else");
	await world.pass();
	world.source.containers.get("files")?.delete("goes");
	world.source.containers.get("files")?.delete("changed");
	world.target.put("documents", "changed", "by an app");
	const live = await world.pass();
	assert.deepEqual([live.passed.deletable, live.passed.deleted, live.proof.extra], [1, 0, 3]);
	const last = await world.pass({ live: false });
	assert.deepEqual([last.passed.deletable, last.passed.deleted, last.proof.extra], [1, 1, 2]);
	assert.deepEqual([...world.copies.keys()].sort(), ["changed", "foreign", "stays"]);
});

test("many deletions want a person's word", async () => {
	for (let n = 0; n < 20; n += 1) world.put(`object ${n}`, "text");
	await world.pass();
	world.source.containers.get("files")?.clear();
	const refused = await world.pass({ live: false });
	assert.deepEqual([refused.passed.isDeletionRefused, refused.passed.deletable, refused.passed.deleted], [true, 20, 0]);
	assert.equal(world.copies.size, 20);
	const done = await world.pass({ live: false, mayDelete: true });
	assert.deepEqual([done.passed.deleted, world.copies.size], [20, 0]);
});

test("a listing in another order than ours deletes nothing and finds nothing missing", async () => {
	// By bytes the second comes first, by UTF-16 the first.
	const names = ["\u{1f600}", "\uffee", "a", "b"];
	for (const name of names) world.put(name, name);
	await world.pass();
	const { passed, proof } = await world.pass({ live: false, mayDelete: true, chunk: 1, pageSize: 1 });
	assert.deepEqual([passed.deletable, passed.deleted, namesOf(proof.differences)], [0, 0, []]);
	assert.equal(world.copies.size, 4);
});

test("bytes that differ behind the same MD5 are found, and so is each property", async () => {
	for (const name of ["bytes", "type", "meta", "tags", "tier", "missing"]) world.put(name, "text", KINDS);
	await world.pass();
	const change = (name: string, said: object) => world.copies.set(name, { ...world.copies.get(name), ...said });
	change("bytes", { data: Buffer.from("TEXT") });
	change("type", { headers: { ...KINDS.headers, "Content-Type": "text/plain" } });
	change("meta", { metadata: {} });
	change("tags", { tags: {} });
	const sides = world.stores();
	world.copies.delete("missing");
	const { prove } = await import("../../objects/proof.ts");
	const begun = { sourceMs: 0, targetMs: 0 };
	const { differences } = await prove({
		...sides,
		live: false,
		begun,
		jobs: 2,
		deep: false,
		seed: "r",
		checkpoint: async () => {},
		onObject: () => {},
	});
	assert.deepEqual(namesOf(differences).sort(), [
		["bytes", ["bytes"]],
		["content type", ["type"]],
		["metadata", ["meta"]],
		["missing", ["missing"]],
		["tags", ["tags"]],
	]);
});

test("clocks of accounts that differ by hours hide no change", async () => {
	for (const [sourceMs, targetMs] of [[7_200_000, -3_600_000] as const, [-7_200_000, 3_600_000] as const]) {
		world.reset();
		world.source.clockMs = sourceMs;
		world.target.clockMs = targetMs;
		const { source, target } = world.stores();
		assert.ok(Math.abs((await source.readTime()) - Date.now() - sourceMs) < 5_000);
		assert.ok(Math.abs((await target.readTime()) - Date.now() - targetMs) < 5_000);
		const at = (agoMs: number) => ({ md5: undefined, modified: Date.now() + sourceMs - agoMs });
		for (const name of ["same", "changed"]) world.put(name, "text", at(LONG_AGO));
		await world.pass();
		world.put("changed", "TEXT", at(0));
		const { passed } = await world.pass({ live: false });
		assert.deepEqual([passed.copied, passed.kept], [1, 1]);
		assert.equal(world.copies.get("changed")?.data.toString(), "TEXT");
	}
});
