/** Two authoritative servers of a zone, a stage with a domain in it, and a DNS host that writes what it is told to. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { type AuthoritySetup, startDnsWorld, type ZonesSetup } from "@medstack-to-aptible/sandbox/dns/authority.ts";
import { parseStage } from "../../config/parse.ts";
import type { PointOptions } from "../../move/dns/point-options.ts";
import type { DnsProvider, WantedRecord } from "../../move/dns/provider.ts";
import { DnsReader, readServer } from "../../move/dns/reader.ts";
import { writeTtlNotes } from "../../move/dns/ttl-notes.ts";
import { PointError } from "../../move/dns/waiting.ts";
import type { StageDomain } from "../../move/plan/domains.ts";
import type { MoveStage } from "../../move/stage.ts";
import type { MovePhase } from "../../wire/move.ts";
import { absent, stageWith } from "../config/stage-file.ts";
import { soa, subject } from "./plan/facts.ts";

export const HOST = "elb-7.aptible.in";
export const [ONE, TWO] = ["ns1.acme.example", "ns2.acme.example"];
export const AT_TWO = `${TWO} (127.0.0.3)`;
export const now = () => new Date("2026-12-05T02:00:00.000Z");

export const stable = ["portal-old.acme.example 60 A 203.0.113.9", `portal-new.acme.example 60 CNAME ${HOST}`];
export const old = [soa(7), ...stable, "portal.acme.example 60 CNAME portal-old.acme.example"];
export const switched = [soa(8), ...stable, "portal.acme.example 60 CNAME portal-new.acme.example"];
export const address = (ttl: number) => [soa(7), `portal.acme.example ${ttl} A 203.0.113.9`];

export function stageFile(t: TestContext, phase: MovePhase): MoveStage {
	const folder = mkdtempSync(path.join(tmpdir(), "point-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const move = { phase, from: { addresses: ["203.0.113.9"] }, databases: { main: {} } };
	const parse = (more: object) => parseStage(stageWith({ move, ...more }), { file: "Pulumi.prod.yaml" });
	return { name: "prod", folder, configFile: undefined, stage: parse({}), declared: parse({ move: absent }) };
}

export interface Setting {
	/** Records of both servers, or of each one. */
	one: readonly string[] | AuthoritySetup;
	two?: readonly string[] | AuthoritySetup;
	phase?: MovePhase;
	domain?: Partial<StageDomain>;
	/** Further zones, and further servers of this one. */
	more?: ZonesSetup;
}

export async function open(t: TestContext, { one, two = one, phase = "live", domain = {}, more = {} }: Setting) {
	const setupOf = (setup: readonly string[] | AuthoritySetup): AuthoritySetup =>
		"records" in setup ? setup : { records: setup };
	const world = await startDnsWorld({
		...more,
		"acme.example": { [ONE]: setupOf(one), [TWO]: setupOf(two), ...more["acme.example"] },
	});
	t.after(() => world.close());
	const lines: string[] = [];
	const wanted: WantedRecord[] = [];
	const moved = stageFile(t, phase);
	// Looked at days before, as a plan does it.
	writeTtlNotes(moved, { [domain.domain ?? subject.domain]: { ttlSeconds: 60, seen: "2026-12-01T00:00:00.000Z" } });
	/** Keeps what it is told to write, which no server has before `follow`. */
	const provider: DnsProvider = {
		isWriting: true,
		check: async () => [],
		put: async (_zone, record) => {
			wanted.push(record);
			return "written";
		},
	};
	const reader = () => new DnsReader({ resolvers: [readServer(world.resolver)], port: world.port, timeoutMs: 150 });
	const options: PointOptions = {
		to: "new",
		moved,
		domains: [{ ...subject, ...domain }],
		dns: reader(),
		providerOf: async () => provider,
		tell: (line) => void lines.push(line),
		timing: { deadlineMs: 5_000, pollMs: 10 },
		now,
	};
	/** A provider that the servers follow, one of them later or not at all. */
	const follow = (name: string, records: readonly string[], later?: readonly string[]) => {
		provider.put = async (_zone, record) => {
			wanted.push(record);
			if (record.name !== name) return "unchanged";
			world.change(ONE, { records });
			if (later !== undefined) setTimeout(() => world.change(TWO, { records: later }), 100);
			return "written";
		};
	};
	return { world, lines, wanted, moved, options, follow, provider, reader };
}

export async function refused(promise: Promise<unknown>): Promise<string> {
	const error = await promise.then(
		() => assert.fail("it is not refused"),
		(reason: unknown) => reason,
	);
	assert.ok(error instanceof PointError, String(error));
	return error.message;
}
