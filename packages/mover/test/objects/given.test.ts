/** What the mover is given of a container: its addresses, their rights, and what is refused before anything moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Configuration } from "../../configuration.ts";
import { Mask } from "../../mask.ts";
import { placeOf, readObjects } from "../../objects/configuration.ts";
import { parseContainerAddress } from "../../objects/container-address.ts";
import { checkRights, opensTags } from "../../objects/rights.ts";
import { checkObjects } from "../../objects/work.ts";
import { addressOf } from "./world.ts";

const SAS = "sv=2025-11-05&sr=c&sp=rlt&se=2027-01-01T00%3A00%3A00Z&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D";
const SOURCE = `https://medfiles.blob.core.windows.net/files?${SAS}`;
const TARGET = `https://acmefiles.blob.core.windows.net/documents?${SAS}`;
const NOW = Date.parse("2026-12-01T00:00:00Z");

function read(
	environment: Record<string, string>,
	given = { documents: { account: "acmefiles", container: "documents" } },
) {
	const [problems, mask] = [[] as string[], new Mask()];
	const objects = readObjects(given, { read: (variable) => environment[variable], mask, problems });
	return { objects, problems, mask };
}

test("an address is one of a whole container, over https, with a SAS", () => {
	const { account, container, base } = addressOf(SOURCE);
	assert.deepEqual([account, container, base], ["medfiles", "files", "medfiles.blob.core.windows.net/files"]);
	assert.equal(addressOf(`http://127.0.0.1:10000/acct/files?${SAS}`).base, "127.0.0.1:10000/acct/files");
	for (const wrong of [
		"medfiles",
		SOURCE.replace("https", "http"),
		SOURCE.replace("/files", ""),
		SOURCE.replace("/files", "/files/a.pdf"),
		SOURCE.replace("/files", "/Files"),
		SOURCE.replace(/&sig=.*/, ""),
		`${SOURCE}#part`,
		SOURCE.replace("//", "//user@"),
		SOURCE.replace(".blob.", ".dfs."),
		SOURCE.replace("medfiles.blob.core.windows.net", "files.example.com"),
	]) {
		assert.equal(parseContainerAddress(wrong), undefined, wrong);
	}
});

test("what is wrong with the addresses is said without the SAS, which is masked from then on", () => {
	const fine = read({ MOVE_OBJECTS_DOCUMENTS: SOURCE, MOVE_OBJECTS_DOCUMENTS_TARGET: TARGET });
	assert.deepEqual([fine.problems, fine.objects[0]?.source?.account], [[], "medfiles"]);
	assert.doesNotMatch(fine.mask.apply(`${SOURCE} c2VjcmV0LXNpZ25hdHVyZQ== c2VjcmV0LXNpZ25hdHVyZQ%3D%3D`), /c2VjcmV0/);
	assert.deepEqual(read({}).problems, [], "databases move without it");
	const wrong: [Record<string, string>, RegExp][] = [
		[
			{ MOVE_OBJECTS_DOCUMENTS: "https://x" },
			/^MOVE_OBJECTS_DOCUMENTS: is no address of a whole container with its SAS; write https:\/\/ACCOUNT/,
		],
		[
			{ MOVE_OBJECTS_DOCUMENTS_TARGET: SOURCE },
			/^MOVE_OBJECTS_DOCUMENTS_TARGET: leads to the container files of the account medfiles, and the stage file has documents of acmefiles/,
		],
		[
			{ MOVE_OBJECTS_DOCUMENTS: TARGET, MOVE_OBJECTS_DOCUMENTS_TARGET: TARGET },
			/^MOVE_OBJECTS_DOCUMENTS: is the container of the target itself/,
		],
	];
	for (const [environment, says] of wrong) {
		const { problems } = read(environment);
		assert.match(problems.join("\n"), says);
		assert.doesNotMatch(problems.join("\n"), /sig=/);
	}
	const hosts = read({ MOVE_OBJECTS_DOCUMENTS_HOSTS: "Files.example.com, medfiles.dfs.core.windows.net" });
	assert.deepEqual(
		[hosts.problems, hosts.objects[0]?.hosts],
		[[], ["files.example.com", "medfiles.dfs.core.windows.net"]],
	);
	assert.match(
		read({ MOVE_OBJECTS_DOCUMENTS_HOSTS: "https://x" }).problems.join(),
		/^MOVE_OBJECTS_DOCUMENTS_HOSTS: "https:\/\/x" is no host name; write files/,
	);
	const container = { account: "acmefiles", container: "documents" };
	const twice = read({}, { documents: container, "documents-target": container } as never);
	assert.match(
		twice.problems.join("\n"),
		/^MOVE_OBJECTS_DOCUMENTS_TARGET: stands for documents and for documents-target/,
	);
	assert.equal(placeOf("Patient Files"), "storage.patient-files");
});

test("a SAS is refused before the start where it lacks a right, is over, not begun, or not of a container", () => {
	const says = (change: (query: URLSearchParams) => void, needed = "rl") => {
		const url = new URL(SOURCE);
		change(url.searchParams);
		const address = addressOf(url.href);
		return checkRights({ name: "documents", side: "source", address, needed, now: NOW }).map(
			({ severity, line }) => `${severity}: ${line.replace(/; make.*/, "")}`,
		);
	};
	const set = (key: string, value: string) => (query: URLSearchParams) => query.set(key, value);
	assert.deepEqual(
		says(() => {}),
		[],
	);
	assert.deepEqual(
		says(() => {}, "rlwd"),
		["blocker: the SAS of the source lacks w (write), d (delete)"],
	);
	assert.deepEqual(says(set("se", "2026-11-30T23:59:59Z")), [
		"blocker: the SAS of the source has expired at 2026-11-30T23:59:59Z",
	]);
	assert.deepEqual(says(set("se", "2026-12-01T08:00:00Z")), [
		"warning: the SAS of the source expires at 2026-12-01T08:00:00Z, in less than a day",
	]);
	assert.deepEqual(says(set("st", "2026-12-02T00:00:00Z")), [
		"blocker: the SAS of the source is valid only from 2026-12-02T00:00:00Z on",
	]);
	assert.deepEqual(says(set("sr", "b")), [
		"blocker: the SAS of the source is not of a whole container (sr=b, and has to be c)",
	]);
	const account = (types: string) => (query: URLSearchParams) => {
		query.delete("sr");
		query.set("ss", "b");
		query.set("srt", types);
	};
	assert.deepEqual(says(account("sco")), []);
	assert.equal(says(account("c")).length, 1);
	const policy = (query: URLSearchParams) => {
		query.delete("sp");
		query.set("si", "mover");
	};
	assert.deepEqual(says(policy, "rlwd"), [], "what a stored policy gives is not in the token");
	assert.equal(opensTags(addressOf(SOURCE)), true);
	assert.equal(opensTags(addressOf(SOURCE.replace("sp=rlt", "sp=rl"))), false);
});

test("what a SAS lacks is said before anything moves, with how to make another, and before the night as a warning", async () => {
	const target = TARGET.replace("sp=rlt", "sp=rl");
	const environment = {
		MOVE_OBJECTS_DOCUMENTS: SOURCE.replace("se=2027", "se=2020"),
		MOVE_OBJECTS_DOCUMENTS_TARGET: target,
	};
	const { objects } = read(environment);
	const says = async (final: boolean) => {
		const configuration = { objects } as unknown as Configuration;
		const control = { signal: AbortSignal.abort(), isPaused: () => false };
		const found = await checkObjects({ configuration, control }, { final, needsAll: true });
		return [...(found.get("documents") ?? [])].map(({ severity, line }) => `${severity}: ${line}`).join("\n");
	};
	assert.match(
		await says(true),
		/^blocker: the SAS of the source has expired at 2020-01-01T00:00:00Z; make another and give it to the mover as MOVE_OBJECTS_DOCUMENTS \(az storage .* --permissions rl --/,
	);
	assert.match(
		await says(true),
		/blocker: the SAS of the target lacks w \(write\), d \(delete\), t \(tags\); .*MOVE_OBJECTS_DOCUMENTS_TARGET .* --permissions rlwdt --/,
	);
	assert.match(await says(false), /\nwarning: the SAS of the target lacks d \(delete\), without which the pass in/);
});
