/** `plan`: what this very move takes, from what can be looked at without a mover: the stage file, DNS, and Aptible where there is a token. */
import path from "node:path";
import type { Context } from "../../aptible/context.ts";
import { nameStage } from "../../packages/mover/commands.ts";
import { type CopiedType, isCopied, type UncopiedType } from "../../packages/mover/configuration.ts";
import { DnsReader } from "../dns/reader.ts";
import { ttlFloor } from "../dns/ttl-notes.ts";
import { noteTtls } from "../dns/young-ttl.ts";
import { makeFolder, writeWhole } from "../folder.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { checkCertificate } from "./certificate-checks.ts";
import { describeCosts } from "./costs.ts";
import { checkDomain } from "./domain-checks.ts";
import { listDomains, readDomain } from "./domains.ts";
import { findings, type PlanFinding } from "./finding.ts";
import { type LiveStage, readLive } from "./live.ts";
import { checkConfig } from "./old-names.ts";
import { describeLocalOutlook } from "./outlook.ts";
import { type Plan, writePage } from "./page.ts";
import { writeRunbook } from "./runbook.ts";
import { move, type PlannedDomain } from "./runbook-steps.ts";
import { checkStage, listServices } from "./stage-checks.ts";

export interface PlanOptions {
	/** Folder for the page; @default none: it is returned alone */
	write: string | undefined;
	/** @default this machine's clock */
	now?: Date;
}

/** The page, its file where one was wished for, whether nothing stands in the way, and whether everything was looked at. */
export interface Planned {
	page: string;
	file: string | undefined;
	isReady: boolean;
	isWhole: boolean;
}

/**
 * Makes the plan. It changes nothing but the notes of TTLs in the folder `.move`.
 *
 * @throws where the stage's own files cannot be read or written; what cannot be looked at is in the plan as such
 */
export async function makePlan(
	context: Context,
	moved: MoveStage,
	{ write, now = new Date() }: PlanOptions,
): Promise<Planned> {
	const { live, unseen } = await lookAtAptible(context, moved);
	const dns = new DnsReader();
	const read = await Promise.all(
		listDomains(moved.stage, live).map(async (subject) => ({ subject, facts: await readDomain(dns, subject) })),
	);
	const notes = noteTtls(moved, read, now);
	const domains = read.map((one) => ({ ...one, note: notes[one.subject.domain] }));
	const found = [
		...checkStage(moved),
		...domains.flatMap(({ subject, facts, note }) => [
			...checkDomain(subject, facts, { note, now, floorSeconds: ttlFloor(moved) }),
			...checkCertificate(subject, facts, live, now),
		]),
		...checkConfig(moved, live?.config),
		...unseen,
		...checkTargets(moved, live),
	];
	const page = context.redactor.mask(
		nameStage(writePage(planOf(moved, domains, withoutTwins(found))), moved.name, moved.configFile),
	);
	return {
		page,
		file: write === undefined ? undefined : writeFile(write, `move-${moved.name}.md`, page),
		isReady: found.every(({ severity }) => severity !== "blocker"),
		isWhole: found.every(({ severity }) => severity !== "unseen"),
	};
}

/** Domains of one zone have its servers and its CAA records in common. */
function withoutTwins(found: readonly PlanFinding[]): PlanFinding[] {
	return [...new Map(found.map((one) => [one.line, one])).values()];
}

async function lookAtAptible(
	context: Context,
	moved: MoveStage,
): Promise<{ live: LiveStage | undefined; unseen: readonly PlanFinding[] }> {
	const { handle } = moved.stage.environment;
	const unknown = (why: string) => ({
		live: undefined,
		unseen: findings("unseen", [
			`Aptible was not looked at, so endpoints, certificates and config there are unknown: ${why}`,
		]),
	});
	if (!(await context.api.hasToken())) return unknown("nobody is logged in; log in: aptible login");
	try {
		const live = await readLive(context, moved);
		if (live !== undefined) return { live, unseen: [] };
		return unknown(`this token sees no environment "${handle}"; make the stage: pulumi up --stack STACK`);
	} catch (error) {
		return unknown(error instanceof Error ? error.message : String(error));
	}
}

function checkTargets(moved: MoveStage, live: LiveStage | undefined): PlanFinding[] {
	if (live === undefined || moved.stage.move === undefined) return [];
	return findings(
		"blocker",
		movedDatabases(moved)
			.filter(({ handle }) => !live.databases.has(handle))
			.map(({ handle }) => `database ${handle} is not on Aptible yet; make it: pulumi up --stack STACK`),
	);
}

function planOf(moved: MoveStage, domains: readonly PlannedDomain[], found: readonly PlanFinding[]): Plan {
	const { stage, name } = moved;
	return {
		stage: name,
		environment: stage.environment.handle,
		phase: stage.move?.phase,
		findings: found,
		moves: listMoves(moved, domains),
		forecast: describeLocalOutlook(moved),
		costs: describeCosts(moved),
		runbook: writeRunbook(moved, domains),
	};
}

function listMoves(moved: MoveStage, domains: readonly PlannedDomain[]): [string, string][] {
	const { stage } = moved;
	const rows = movedDatabases(moved).flatMap(({ handle, type, containerMb, drain }): [string, string][] => {
		const { version, containerMb: declared, replicaOf } = moved.declared.databases[handle] ?? {};
		// Without a block all are listed, and a replica follows its primary.
		if (replicaOf !== undefined) return [];
		const size = declared === containerMb ? `${containerMb} MB` : `${declared} MB, ${containerMb} MB during the move`;
		const how = !isCopied(type as CopiedType | UncopiedType)
			? "not copied by the mover"
			: drain === undefined
				? "copied"
				: `not copied: ${drain.queues.join(", ")} run empty`;
		return [[`database \`${handle}\``, `${type} ${version}, ${size}; ${how}`]];
	});
	for (const { name, runsFrom } of stage.move === undefined ? [] : listServices(stage)) {
		rows.push([
			`service \`${name}\``,
			runsFrom === "live" ? "0 containers until live" : `runs from ${runsFrom} on, but for frozen`,
		]);
	}
	for (const container of stage.move?.objects ?? []) {
		rows.push([
			`objects of \`${container}\``,
			`copied by \`${move("objects")}\`, once days before and once in the night`,
		]);
	}
	for (const { subject, facts } of domains) {
		const to = subject.live?.hostname ?? `endpoint ${subject.app}.${subject.endpoint}`;
		const type = typeof facts !== "string" && facts.reading.zone === subject.domain ? "ALIAS or ANAME" : "CNAME";
		rows.push([
			`domain \`${subject.domain}\``,
			`${describeNow(facts)}; then ${type} ${to}, ${subject.moved === undefined || subject.moved.via === "manual" ? "by hand" : `via ${subject.moved.via}`}`,
		]);
	}
	return rows;
}

function describeNow(facts: PlannedDomain["facts"]): string {
	if (typeof facts === "string") return "DNS was not read";
	const said = Object.entries(facts.sets).map(
		([type, set]) => `${type} ${set.values.join(", ")} (TTL ${set.ttlSeconds} s)`,
	);
	return said.length === 0 ? "no record" : said.join(" and ");
}

function writeFile(folder: string, name: string, page: string): string {
	makeFolder(folder);
	return writeWhole(path.join(folder, name), page);
}
