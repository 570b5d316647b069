/** The wait until every authoritative server answers with the records that a domain is led by. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeSets, longestTtl } from "./differences.ts";
import { isExcused, readExcused } from "./point-notes.ts";
import type { PointOptions } from "./point-options.ts";
import { isAnswered } from "./pointing.ts";
import type { WantedRecord } from "./provider.ts";
import { DnsError, type DnsReader, type RecordSets } from "./reader.ts";

/** A record that is waited for. */
export interface Awaiting {
	wanted: WantedRecord;
	alsoRight: readonly string[];
	/** The longest TTL with which it is there. @default any */
	mostTtlSeconds?: number | undefined;
	/** Whether something is changed after it, which a silent server holds up for nothing; one has to answer. */
	isBefore?: boolean;
}

/** The domains are not led to the side everywhere. The message has the command to go on with. */
export class PointError extends Error {
	override name = "PointError";
}

/** Whether a server has the record alone, with no longer TTL than is waited for. */
export function isThere(sets: Readonly<RecordSets>, { wanted, alsoRight, mostTtlSeconds }: Awaiting): boolean {
	return isAnswered(sets, wanted, alsoRight) && (longestTtl(sets) ?? 0) <= (mostTtlSeconds ?? Number.POSITIVE_INFINITY);
}

/** Waits until every authoritative server answers with each record. A server that does not is named. @throws PointError */
export async function waitFor(
	{ moved, dns, tell, timing = {}, signal }: PointOptions,
	all: readonly Awaiting[],
	goOn: string,
): Promise<void> {
	const { deadlineMs = 15 * 60_000, pollMs = 5_000, sayMs = 30_000 } = timing;
	const started = performance.now();
	const excused = readExcused(moved);
	let said = { text: "", at: 0 };
	for (;;) {
		const behind = (await Promise.all(all.map((one) => findBehind(dns, one, excused)))).flat();
		if (behind.length === 0) return;
		const [at, text] = [performance.now(), behind.join("; ")];
		if (at - started >= deadlineMs || signal?.aborted === true) {
			const after = signal?.aborted === true ? "left" : `not there after ${Math.round((at - started) / 1000)} s`;
			throw new PointError(
				`${after}: ${text}. Nothing is undone, and whoever asks such a server gets no answer or the former one; have it repaired, or removed from the NS records of its zone and at the domain's registrar; not to wait for a silent one: --without-server NAME. Go on with: ${goOn}`,
			);
		}
		if (text !== said.text || at - said.at >= sayMs) {
			tell(`waiting for ${text}`);
			said = { text, at };
		}
		await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
	}
}

/** Servers that do not have a record yet, a clause each. One that is silent may have been removed from its zone meanwhile. */
export async function findBehind(
	dns: Pick<DnsReader, "read">,
	part: Awaiting,
	excused: ReadonlySet<string>,
): Promise<string[]> {
	const { wanted, alsoRight, mostTtlSeconds, isBefore = false } = part;
	try {
		let { servers } = await dns.read(wanted.name);
		if (servers.some(({ fault }) => fault !== undefined)) {
			servers = (await dns.read(wanted.name, { isAnew: true })).servers;
		}
		const answering = servers.filter(({ fault }) => fault === undefined);
		const ahead = answering.filter(({ sets }) => isThere(sets, part));
		const serial = ahead.map((one) => one.serial).sort((one, other) => other - one)[0];
		return servers.flatMap(({ server, fault, sets, serial: own }) => {
			if (fault !== undefined) {
				const mayBeSilent = (isBefore && ahead.length > 0) || (answering.length > 0 && isExcused(server, excused));
				return mayBeSilent ? [] : [`${server}, which ${fault}`];
			}
			if (isThere(sets, part)) return [];
			if (isAnswered(sets, wanted, alsoRight)) {
				return [
					`${server}, which has a TTL of ${longestTtl(sets)} s for ${wanted.name} instead of ${mostTtlSeconds} s or less`,
				];
			}
			const others = serial === undefined ? "" : `, others have ${serial}`;
			return [
				`${server}, which has ${describeSets(sets) || "no record"} for ${wanted.name} instead of ${wanted.type} ${wanted.value} (serial ${own}${others})`,
			];
		});
	} catch (error) {
		if (error instanceof DnsError) return [`${wanted.name}, whose zone is not found: ${error.message}`];
		throw error;
	}
}
