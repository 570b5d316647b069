/** Whether both containers have the same objects: by their listings, and by own sums of the bytes of a sample, or of all. */
import { createHash } from "node:crypto";
import { runJobs } from "../jobs.ts";
import { isGone, ObjectRefused } from "./answers.ts";
import { differencesOf, type ListedObject } from "./listed.ts";
import { inChunks, type Pair, pairUp } from "./pairs.ts";
import type { PassTask } from "./pass.ts";
import type { Range, Store } from "./store.ts";
import { type Tallied, type Tally, tally } from "./tally.ts";
import { MOVED } from "./transfer.ts";

export interface ProofTask extends Pick<PassTask, "source" | "target" | "live" | "jobs" | "checkpoint" | "chunk"> {
	/** When the pass began, in milliseconds of the source's clock. */
	begunMs: number;
	/** Whether the bytes of all objects are compared, whole. */
	deep: boolean;
	/** Chooses the sample: another word, other objects. */
	seed: string;
	onObject: () => void;
}

export interface ObjectProof {
	objects: number;
	bytes: number;
	/** Objects that the source has changed since the pass began; they are compared in the last pass. */
	changed: number;
	/** Objects of the target alone. */
	extra: number;
	/** Objects whose bytes were compared, whether they are equal or not; and how many had no MD5 to compare. */
	summed: number;
	withoutMd5: number;
	/** Names by what differs. */
	differences: Tally;
	/** Over names, lengths and MD5s of the source's listing, and the sums of the bytes that were compared, as they came. */
	hash: string;
}

const CHUNK = 500;
const SAMPLE = 100;
/** Of an object of a sample: all, or its first and its last bytes. */
export const END_BYTES = 4 * 2 ** 20;

/** Two objects whose bytes are compared. */
interface Sample {
	source: ListedObject;
	target: ListedObject;
	order: string;
}

/** Kind of an object whose bytes could not be compared. */
export const UNREAD = "unread";

/** Compares. @throws as the stores do */
export async function prove(task: ProofTask): Promise<ObjectProof> {
	const { source, target, live, begunMs, deep, seed, jobs, checkpoint, onObject, chunk = CHUNK } = task;
	const hash = createHash("sha256");
	const differences = new Map<string, Tallied>();
	const counts = { objects: 0, bytes: 0, changed: 0, extra: 0, summed: 0, withoutMd5: 0 };
	let sample: Sample[] = [];
	const differs = (kind: string, name: string) => tally(differences, kind, name);
	const isChanging = (object: ListedObject) => live && object.modified >= begunMs;

	const compareBytes = async (samples: readonly Sample[]) => {
		const sums = new Map<Sample, string>();
		await runJobs({
			items: samples,
			allowed: () => jobs,
			checkpoint,
			work: async (one) => {
				const found = await compareOne(task, one);
				if ("sums" in found) {
					counts.summed += 1;
					sums.set(one, found.sums.join(" "));
					if (found.sums[0] !== found.sums[1]) differs("bytes", one.source.name);
				} else if (found.hasMoved && live) counts.changed += 1;
				else differs(UNREAD, one.source.name);
			},
		});
		for (const one of samples) hash.update(JSON.stringify(sums.get(one) ?? null));
	};

	for await (const pairs of inChunks(pairUp(source.list(), target.list()), chunk)) {
		const chosen: Sample[] = [];
		for (const pair of pairs) {
			const { source: from, target: to, name } = await confirm(pair, source, target);
			onObject();
			if (from === undefined) {
				if (to !== undefined) counts.extra += 1;
				continue;
			}
			counts.objects += 1;
			counts.bytes += from.length;
			if (from.md5 === undefined) counts.withoutMd5 += 1;
			hash.update(JSON.stringify([name, from.length, from.md5 ?? null]));
			const kinds = to === undefined ? ["missing"] : differencesOf(from, to);
			if (kinds.length > 0 && isChanging(from)) counts.changed += 1;
			else for (const kind of kinds) differs(kind, name);
			if (to === undefined || kinds.length > 0 || from.length === 0) continue;
			chosen.push({ source: from, target: to, order: createHash("sha256").update(`${seed} ${name}`).digest("hex") });
		}
		if (deep) await compareBytes(chosen);
		else sample = [...sample, ...chosen].sort((one, other) => (one.order < other.order ? -1 : 1)).slice(0, SAMPLE);
	}
	await compareBytes(sample);
	return { ...counts, differences, hash: hash.digest("hex") };
}

/** What a listing shows as missing is asked for by its name. */
async function confirm(pair: Pair, source: Store, target: Store): Promise<Pair> {
	const from = pair.source ?? (await source.find(pair.name));
	const to = pair.target ?? (await target.find(pair.name));
	const { name } = pair;
	return { name, ...(from === undefined ? {} : { source: from }), ...(to === undefined ? {} : { target: to }) };
}

/** The sums of both sides' bytes; or that they could not be read, and whether that is as one of them has changed meanwhile. */
async function compareOne(
	{ source, target, deep }: ProofTask,
	{ source: from, target: to }: Sample,
): Promise<{ sums: [string, string] } | { hasMoved: boolean }> {
	const ranges: Range[] =
		deep || from.length <= 2 * END_BYTES
			? [{ offset: 0, count: from.length }]
			: [
					{ offset: 0, count: END_BYTES },
					{ offset: from.length - END_BYTES, count: END_BYTES },
				];
	try {
		return {
			sums: await Promise.all([source.hash(from.name, from.etag, ranges), target.hash(to.name, to.etag, ranges)]),
		};
	} catch (error) {
		if (error instanceof ObjectRefused) return { hasMoved: isGone(error) || MOVED.has(error.code) };
		throw error;
	}
}
