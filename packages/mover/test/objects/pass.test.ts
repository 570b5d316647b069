import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { namesOf, ObjectWorld } from "./world.ts";

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
	const { passed, proof } = await world.pass({ deep: true });
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

test("what the mover has not copied, or somebody has changed since, is written over by a person's number alone", async () => {
	for (const name of ["before", "changed", "alike", "fine"]) world.put(name, "text", { md5: undefined });
	world.target.put("documents", "before", "TEXT", { md5: undefined });
	world.target.put("documents", "alike", "text", { md5: undefined });
	const first = await world.pass({ live: false });
	assert.deepEqual([first.passed.copied, first.passed.kept], [2, 1], "what has the same bytes is taken as copied");
	assert.deepEqual(namesOf(first.passed.failures), [["foreign", ["before"]]]);
	// As in the phase trial; back in frozen the source is the old one, or has changed too.
	world.target.put("documents", "changed", "by an app on Aptible", { md5: undefined });
	world.put("before", "text 2", { md5: undefined });
	const { passed, proof } = await world.pass({ mayOverwrite: 1 });
	assert.deepEqual(namesOf(passed.failures), [["foreign", ["before", "changed"]]], "more than were allowed");
	assert.deepEqual([passed.copied, passed.overwritten, proof.differences.get("length")?.count], [0, 0, 2]);
	assert.equal(world.copies.get("changed")?.data.toString(), "by an app on Aptible");
	const done = await world.pass({ mayOverwrite: 2 });
	assert.deepEqual([done.passed.overwritten, done.passed.copied, namesOf(done.passed.failures)], [2, 2, []]);
	await assertWhole();
});

test("an app's write of the same length behind no MD5 is not kept as a copy", async () => {
	world.put("a", "text", { md5: undefined });
	await world.pass();
	world.target.put("documents", "a", "TEXT", { md5: undefined });
	const { passed } = await world.pass();
	assert.deepEqual([passed.kept, namesOf(passed.failures)], [0, [["foreign", ["a"]]]]);
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
	const last = await world.pass({ live: false, mayDelete: 1 });
	assert.deepEqual([last.passed.deletable, last.passed.deleted, last.proof.extra], [1, 1, 2]);
	assert.deepEqual([...world.copies.keys()].sort(), ["changed", "foreign", "stays"]);
});

test("deletions want a person's number beyond one in a hundred, and end at it", async () => {
	for (let n = 0; n < 20; n += 1) world.put(`object ${n}`, "text");
	await world.pass();
	const objects = world.source.containers.get("files");
	for (const name of ["object 1", "object 2"]) objects?.delete(name);
	const few = await world.pass({ live: false });
	assert.deepEqual([few.passed.isDeletionRefused, few.passed.deleted], [true, 0], "1 % of 20 is none");
	let isLost = false;
	world.service.fault = ({ operation }) => {
		// The source loses more while copies are deleted.
		if (operation === "delete" && !isLost) {
			isLost = true;
			for (const name of ["object 17", "object 18", "object 19"]) objects?.delete(name);
		}
		return undefined;
	};
	const capped = await world.pass({ live: false, mayDelete: 2, jobs: 1, chunk: 3, pageSize: 3 });
	assert.deepEqual([capped.passed.isDeletionRefused, capped.passed.deleted, capped.passed.deletable], [true, 2, 5]);
	world.reset();
	for (let n = 0; n < 20; n += 1) world.put(`object ${n}`, "text");
	await world.pass();
	world.source.containers.get("files")?.clear();
	const refused = await world.pass({ live: false });
	assert.deepEqual([refused.passed.isDeletionRefused, refused.passed.deletable, refused.passed.deleted], [true, 20, 0]);
	assert.equal(world.copies.size, 20);
	const done = await world.pass({ live: false, mayDelete: 20 });
	assert.deepEqual([done.passed.deleted, world.copies.size], [20, 0]);
});

test("a listing in another order than ours deletes nothing and finds nothing missing", async () => {
	// By bytes the second comes first, by UTF-16 the first.
	const names = ["\u{1f600}", "\uffee", "a", "b"];
	for (const name of names) world.put(name, name);
	await world.pass();
	const { passed, proof } = await world.pass({ live: false, mayDelete: 9, chunk: 1, pageSize: 1 });
	assert.deepEqual([passed.deletable, passed.deleted, namesOf(proof.differences)], [0, 0, []]);
	assert.equal(world.copies.size, 4);
});

test("bytes that differ behind the same MD5 are found, and so is each property", async () => {
	for (const name of ["bytes", "type", "meta", "tags", "tier", "missing", "unread"]) world.put(name, "text", KINDS);
	await world.pass();
	const change = (name: string, said: object) => world.copies.set(name, { ...world.copies.get(name), ...said });
	change("bytes", { data: Buffer.from("TEXT") });
	change("type", { headers: { ...KINDS.headers, "Content-Type": "text/plain" } });
	change("meta", { metadata: {} });
	change("tags", { tags: {} });
	const sides = world.stores();
	world.copies.delete("missing");
	const { prove } = await import("../../objects/proof.ts");
	world.service.fault = ({ operation, name }) =>
		operation === "read" && name === "unread" ? { status: 409, code: "BlobImmutableDueToPolicy" } : undefined;
	const { differences, summed } = await prove({
		...sides,
		live: true,
		begunMs: Date.now() + 60_000,
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
		["unread", ["unread"]],
	]);
	assert.equal(summed, 2, "of those that could be compared");
});

test("clocks of accounts that differ by hours hide no change", async () => {
	world.source.clockMs = 7_200_000;
	world.target.clockMs = -3_600_000;
	for (const name of ["same", "changed"]) world.put(name, "text", { md5: undefined });
	await world.pass();
	// Its time is that of before.
	world.put("changed", "TEXT", { md5: undefined });
	const { passed } = await world.pass({ live: false });
	assert.deepEqual([passed.copied, passed.kept], [1, 1]);
	assert.equal(world.copies.get("changed")?.data.toString(), "TEXT");
});

test("the proof's hash is over the sums of the bytes that were compared", async () => {
	const hashes = new Set<string>();
	for (const bytes of ["text", "TEXT"]) {
		// Both listings are the same.
		for (const [account, container] of [[world.source, "files"] as const, [world.target, "documents"] as const]) {
			account.put(container, "a", bytes, { md5: "rL0Y20zC+Fzt72VPzMSk2A==" });
		}
		const { proof } = await world.pass();
		assert.deepEqual([proof.summed, namesOf(proof.differences)], [1, []]);
		hashes.add(proof.hash);
	}
	assert.equal(hashes.size, 2);
});
