/** Does the wish `objects`: each container, then the URLs of objects in the databases. */
import { databaseIn } from "../address.ts";
import type { Configuration, MovedDatabase } from "../configuration.ts";
import type { Proof } from "../engine.ts";
import { type Finding, isBlocker } from "../findings.ts";
import { ConnectionLost } from "../journal/errors.ts";
import { Fence } from "../journal/fence.ts";
import type { Progress } from "../journal/heartbeat.ts";
import { type Asks, type Journal, readLines } from "../journal/journal.ts";
import { findFreeze } from "../journal/notes.ts";
import type { Connect } from "../journal/schema.ts";
import { readStanding } from "../journal/standing.ts";
import { type Control, JournalSteps } from "../journal/steps.ts";
import { mayServe } from "../journal/switches.ts";
import type { WishArguments } from "../journal/wishes.ts";
import { withSession } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import { StorageRefused } from "./answers.ts";
import { type MovedObjects, placeOf } from "./configuration.ts";
import type { ContainerAddress } from "./container-address.ts";
import { forgetOtherSources, openKnown, otherSources } from "./known.ts";
import { countMysqlUrls } from "./mysql-urls.ts";
import { type PassTask, runPass } from "./pass.ts";
import { prove } from "./proof.ts";
import { checkRights, opensTags, variableOf } from "./rights.ts";
import { Store } from "./store.ts";
import { namesIn } from "./tally.ts";
import { LIMITS } from "./transfer.ts";
import { countUrls, type Renaming, rewriteUrls, type TextUrlColumn } from "./urls.ts";
import { describeDifferences, describeExtent, describePass, describeUrls } from "./words.ts";

export interface ObjectsTask {
	configuration: Configuration;
	journal: Journal;
	asks: Asks;
	control: Control;
	progress: Progress;
	run: string;
	report: (line: string) => void;
	keepFindings: (place: string, findings: readonly Finding[]) => Promise<void>;
	keepProof: (place: string, proof: Proof) => Promise<void>;
	/** Connects to databases of a target's server. */
	connectTo: (database: MovedDatabase) => Connect;
}

/** Copies take no processor here, so that there are more of them than parts of a database. */
const JOBS_EACH = 8;

/** How long an account is asked for its first word before it counts as one that is not there, in milliseconds. */
const TRY_MS = 20_000;

/** A container that both sides' addresses are known of. */
interface Sides extends MovedObjects {
	source: ContainerAddress;
	target: ContainerAddress;
}

export interface ObjectsEnded {
	state: "done" | "failed" | "refused";
	reason?: string;
}

/** Whether both sides of each container open: one finding for what does not. @param needsAll whether what was not given stands in the way */
export async function checkObjects(
	{ configuration, control: { signal } }: Pick<ObjectsTask, "configuration" | "control">,
	{ final, needsAll }: { final: boolean; needsAll: boolean },
): Promise<Map<string, Finding[]>> {
	const found = new Map<string, Finding[]>();
	for (const moved of configuration.objects) {
		const { name } = moved;
		const findings = (["source", "target"] as const).flatMap((side): Finding[] => {
			const address = moved[side];
			if (address === undefined) {
				const line = `the mover has no SAS of the ${side}; give its service ${variableOf(name, side)}, or ${variableOf(name, side)}_FILE with the path of a secret`;
				return [{ trap: "no-sas", severity: needsAll ? "blocker" : "warning", object: name, line }];
			}
			const tags = moved.source !== undefined && opensTags(moved.source) ? "t" : "";
			const [needed, later] = side === "source" ? ["rl", ""] : [`rlw${final ? "d" : ""}${tags}`, final ? "" : "d"];
			return checkRights({ name, side, address, needed, later, now: Date.now() });
		});
		if (moved.source !== undefined && !opensTags(moved.source)) {
			findings.push({
				trap: "no-tags",
				severity: "warning",
				object: name,
				line: "the SAS of the source lacks t (tags), so that index tags are neither copied nor compared; where the application uses any, ask for one with it",
			});
		}
		const isBlocked = findings.some(isBlocker);
		if (!isBlocked && isGiven(moved)) findings.push(...(await tryStores(moved, signal)));
		found.set(name, findings);
	}
	return found;
}

async function tryStores(sides: Sides, signal: AbortSignal): Promise<Finding[]> {
	const stores = storesOf(sides, signal, TRY_MS);
	const found: Finding[] = [];
	for (const side of ["source", "target"] as const) {
		try {
			await stores[side].readTime();
		} catch (error) {
			if (!(error instanceof StorageRefused) && !(error instanceof ConnectionLost)) throw error;
			const look =
				error instanceof ConnectionLost ? `; see whether ${variableOf(sides.name, side)} has the right address` : "";
			found.push({ trap: "storage-refused", severity: "blocker", object: sides.name, line: `${error.message}${look}` });
		}
	}
	return found;
}

/** How often a pass says that it goes on, so that another mover knows whether it is still wanted, in milliseconds. */
const ALIVE_MS = 2 * 60_000;

/** Does all that was wished for. @throws StorageRefused where an account lets the mover do nothing any more; ConnectionLost */
export async function moveObjects(task: ObjectsTask, given: WishArguments): Promise<ObjectsEnded> {
	const refused = await refusalOf(task, given);
	if (refused !== undefined) return { state: "refused", reason: refused };
	const { journal, run } = task;
	const note = () => journal.write("note", { run, database: "", step: "objects", part: "" });
	const alive = setInterval(() => void note().catch(() => {}), ALIVE_MS);
	try {
		return await moveAll(task, given);
	} finally {
		clearInterval(alive);
	}
}

/** Why nothing is done at all, by what the journal has, whatever the command knew when it asked. */
async function refusalOf(
	{ configuration, asks }: ObjectsTask,
	{ final = false, rewrite = false }: WishArguments,
): Promise<string | undefined> {
	if (configuration.objects.length === 0) return "no-objects";
	const lines = await readLines(asks);
	// Apps on Aptible write objects of their own there.
	if (mayServe(lines)) return "in-use";
	const databases = configuration.databases.map(({ name }) => name);
	if (final && findFreeze(lines, databases) === undefined) return "not-frozen";
	if (rewrite && (await readStanding(asks))?.command !== "copy") return "not-in-place";
	return undefined;
}

async function moveAll(task: ObjectsTask, given: WishArguments): Promise<ObjectsEnded> {
	const { configuration, keepFindings, progress, asks, journal } = task;
	const { final = false, rewrite = false } = given;
	const checked = await checkObjects(task, { final, needsAll: true });
	for (const sides of configuration.objects.filter(isGiven)) {
		if (given["new-source"] === true) await forgetOtherSources(asks, journal, sides);
		checked.get(sides.name)?.push(...(await checkSource(asks, sides)));
	}
	if ([...checked.values()].flat().some(isBlocker)) {
		for (const [name, findings] of checked) await keepFindings(placeOf(name), findings);
		return { state: "failed", reason: "blockers" };
	}
	const moved = configuration.objects.filter(isGiven);
	let areEqual = true;
	for (const sides of moved) {
		areEqual = (await moveContainer(task, sides, given, checked.get(sides.name) ?? [])) && areEqual;
	}
	await lookAtUrls(task, moved, { rewrite, areEqual: areEqual && progress.blockers === 0 });
	if (progress.blockers > 0) return { state: "failed", reason: "blockers" };
	return areEqual ? { state: "done" } : { state: "failed", reason: "unequal" };
}

/** A source that is another than that of the passes before: whoever pastes the wrong SAS would have all copies deleted. */
async function checkSource(asks: Asks, sides: Sides): Promise<Finding[]> {
	const others = await otherSources(asks, sides);
	if (others.length === 0) return [];
	const line = `the source is ${sides.source.base}, and the target has copies of ${others.join(", ")}; give the mover the SAS of that one as ${variableOf(sides.name, "source")}; where the other one is meant: npm run move -- objects --new-source --stack STACK`;
	return [{ trap: "other-source", severity: "blocker", object: sides.name, line }];
}

function isGiven(moved: MovedObjects): moved is MovedObjects & Sides {
	return moved.source !== undefined && moved.target !== undefined;
}

function storesOf(
	{ source, target }: Sides,
	signal: AbortSignal,
	patienceMs?: number,
): { source: Store; target: Store } {
	const hasTags = opensTags(source);
	return {
		source: new Store({ side: "source", address: source, hasTags, signal, patienceMs }),
		target: new Store({ side: "target", address: target, hasTags, signal, patienceMs }),
	};
}

/** What is done to a container or a database, in the journal and in the heartbeat. */
function stepsOf({ journal, run, control, progress }: ObjectsTask, database: string): JournalSteps {
	return new JournalSteps({
		journal,
		run,
		database,
		control,
		onStep: (step) => Object.assign(progress, { database, step }),
	});
}

/** One pass over a container and its proof. @returns whether both sides are equal */
async function moveContainer(
	task: ObjectsTask,
	sides: Sides,
	{ final = false, deep = false, delete: mayDelete = 0, overwrite: mayOverwrite = 0, empty = false }: WishArguments,
	checked: readonly Finding[],
): Promise<boolean> {
	const { journal, asks, run, configuration, progress, report } = task;
	const place = placeOf(sides.name);
	if (journal.doneSeq({ run, database: place, step: "objects", part: "" }) > 0) return true;
	const steps = stepsOf(task, place);
	const stores = storesOf(sides, steps.signal);
	const [begunMs] = [await stores.source.readTime(), await stores.target.readTime()];
	report(
		`${place}: copies what the target lacks, ${final ? "deletes what the source has deleted, " : ""}and compares both sides`,
	);
	const common: Pick<PassTask, "source" | "target" | "live" | "jobs" | "checkpoint"> = {
		...stores,
		live: !final,
		jobs: configuration.jobs * JOBS_EACH,
		checkpoint: () => steps.checkpoint(),
	};
	const onObject = (bytes = 0) => {
		progress.parts += 1;
		progress.bytes += bytes;
	};
	const known = await openKnown(asks, journal, sides);
	let done: Evidence | undefined;
	let isEqual = false;
	const act = async () => {
		const passed = await runPass({ ...common, known, mayDelete, mayOverwrite, limits: LIMITS, onObject });
		const proof = await prove({ ...common, begunMs, deep, seed: run, onObject: () => onObject() });
		const differences = describeDifferences(proof);
		const isWhole = passed.failures.size === 0 && !passed.isDeletionRefused && (proof.objects > 0 || empty);
		isEqual = differences.length === 0;
		const said = { passed, proof, live: !final, deep, mayBeEmpty: empty };
		await task.keepFindings(place, [...checked, ...describePass(said, sides.name)]);
		await task.keepProof(place, {
			equal: isEqual && isWhole,
			differences,
			extent: describeExtent(proof, deep),
			hash: proof.hash,
			details: { failures: namesIn(passed.failures), differences: namesIn(proof.differences) },
		});
		const { copied, kept, gone, deleted, overwritten, bytes } = passed;
		const { objects: items, extra, summed, withoutMd5, hash } = proof;
		// What is not equal is no pass that the phase trial may build on.
		if (!isEqual || !isWhole) throw new Unequal();
		const counts = { items, copied, kept, gone, deleted, overwritten, bytes, extra, summed, withoutMd5 };
		done = { ...counts, deep, live: !final, equal: true, hash };
	};
	try {
		await steps.step("objects", "", { look: async () => done, act });
	} catch (error) {
		if (!(error instanceof Unequal)) throw error;
	}
	return isEqual;
}

/** Both sides are not equal, as was told. */
class Unequal extends Error {}

/** Counts URLs: in the copies where they are in their place, else in the sources; rewrites them in the copies. */
async function lookAtUrls(
	task: ObjectsTask,
	moved: readonly Sides[],
	{ rewrite, areEqual }: { rewrite: boolean; areEqual: boolean },
): Promise<void> {
	const { configuration, asks, report, keepFindings } = task;
	const renamings = moved.flatMap(({ source, target, hosts }): Renaming[] =>
		[source.base, ...hosts.map((host) => `${host}/${source.container}`)].map((from) => ({ from, to: target.base })),
	);
	const standing = await readStanding(asks);
	const isInPlace = standing?.command === "copy";
	for (const database of configuration.databases) {
		const { name, type, source } = database;
		if (type === "redis") continue;
		report(`${name}: counts URLs of the old storage account in the ${isInPlace ? "copy" : "source"}`);
		if (type === "mysql") {
			await keepFindings(name, describeUrls(await countMysqlUrls(source, renamings), { rewritable: false }));
			continue;
		}
		const login = isInPlace ? database.target : source;
		const count = () => withSession(login, {}, (client) => countUrls(client, renamings));
		let columns = await count();
		const isRewritable = columns.some((one) => one.moved > 0 && !one.isView);
		// URLs that lead to objects that are not there yet would be worse than the old ones.
		if (rewrite && areEqual && isRewritable) {
			await rewriteIn(task, database, { renamings, columns, standing: standing?.run ?? "" });
			columns = await count();
		}
		await keepFindings(name, describeUrls(columns, { rewritable: true }));
	}
}

/** Rewrites in the copy that is in its place: its proof is over, and is of what it was before. */
async function rewriteIn(
	task: ObjectsTask,
	database: MovedDatabase,
	{
		renamings,
		columns,
		standing,
	}: { renamings: readonly Renaming[]; columns: readonly TextUrlColumn[]; standing: string },
): Promise<void> {
	const { journal, run, report, connectTo } = task;
	const { name } = database;
	const own = databaseIn(database.target.url);
	const steps = stepsOf(task, name);
	// Before the first write, so that nobody takes what is rewritten for a difference.
	await journal.write("note", { run, database: name, step: "rewrite", part: "" }, { run: standing });
	const fence = new Fence(connectTo(database), journal.epoch);
	let done: Evidence | undefined;
	try {
		await fence.keep(own);
		await steps.step("rewrite", "", {
			look: async () => done,
			act: async () => {
				const rows = await withSession(database.target, {}, (client) =>
					rewriteUrls(client, renamings, columns, journal.epoch),
				);
				done = { rows, run: standing };
				report(`${name}: the URLs in ${rows} rows of the copy are rewritten`);
			},
		});
	} finally {
		await fence.open();
	}
}
