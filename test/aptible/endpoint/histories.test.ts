/**
 * Random histories of endpoints that Aptible cannot tell apart: declared, removed, killed after any write, failed, deleted and
 * made by hand. Only what decides whose is whose runs here, some hundred thousand times; that the reconciler goes by it is tested
 * with real processes beside this.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../../aptible/api/endpoint.ts";
import { claimEndpoints } from "../../../aptible/endpoint/claims.ts";
import { findEndpoint } from "../../../aptible/endpoint/find.ts";
import type { EndpointClaim } from "../../../wire/endpoint.ts";
import { endpointPlace } from "../../../wire/endpoint-identity.ts";
import { liveEndpoint } from "../../support/live.ts";

const histories = 3000;
const stepsEach = 14;
const on = { app: "portal" };
const identity = {
	kind: "tcp",
	service: "worker",
	internal: false,
	defaultDomain: false,
	managedTls: false,
} as const;

/** The same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

class Killed extends Error {}

/** A stage with endpoints alike, its state, and what is on Aptible. */
class History {
	readonly live = new Map<number, Endpoint>();
	readonly foreign = new Set<number>();
	/** Ids by name, as Pulumi's state has them. */
	readonly recorded = new Map<string, number>();
	declared = new Set<string>();
	/**
	 * Ids that a killed run made again for one that somebody had deleted: provisioned and not recorded, they look like the other
	 * twin's own. The next run makes another rather than take that one; the left one is named as undeclared.
	 */
	readonly lost = new Set<number>();
	readonly log: string[] = [];
	#claims: Record<string, EndpointClaim> = {};
	#nextId = 100;
	#writesLeft = Number.POSITIVE_INFINITY;

	make(hostname: boolean): number {
		const id = this.#nextId++;
		const change = hostname ? {} : { hostname: undefined, status: "pending" };
		this.live.set(id, liveEndpoint(id, change));
		return id;
	}

	/** `pulumi up`, killed after so many writes; false if it was, or was refused. */
	up(writes = Number.POSITIVE_INFINITY): boolean {
		this.#writesLeft = writes;
		try {
			this.#run();
			return true;
		} catch (error) {
			if (error instanceof Killed) return false;
			throw error;
		}
	}

	#run(): void {
		const claimed = Object.fromEntries([...this.declared].map((name) => [name, { adopt: false, ...identity }]));
		const { found, claims } = claimEndpoints(
			[...this.live.values()],
			on,
			claimed,
			new Map(Object.entries(this.#claims)),
		);
		if (found.length > 0) throw new Killed("refused");
		this.#claims = claims;
		const taken: number[] = [];
		for (const name of [...this.declared].sort()) {
			const id = this.#apply(name, taken);
			this.recorded.set(name, id);
			taken.push(id);
		}
		for (const [name, id] of [...this.recorded].filter(([name]) => !this.declared.has(name))) {
			this.#write();
			this.live.delete(id);
			this.recorded.delete(name);
		}
	}

	#apply(name: string, taken: readonly number[]): number {
		const previous = this.recorded.get(name);
		const claim = this.#claims[endpointPlace(on, name, identity)];
		const spec = { ...identity, hasTwins: this.declared.size > 1 };
		const traces = { previous: previous === undefined ? undefined : { id: previous }, claim, taken };
		const id = findEndpoint([...this.live.values()], spec, traces)?.id ?? this.#create();
		const found = this.live.get(id) ?? assert.fail();
		if (!found.hostname) {
			Object.assign(found, { hostname: `elb-${id}`, status: "provisioned" });
			if (previous !== undefined) this.lost.add(id);
			this.#write();
		}
		this.lost.delete(id);
		return id;
	}

	#create(): number {
		const id = this.make(false);
		this.#write();
		return id;
	}

	/** The process is gone right after the write that was the last one. */
	#write(): void {
		this.#writesLeft -= 1;
		if (this.#writesLeft < 0) throw new Killed("killed");
	}

	/** Objects of ours that nobody has in a state. */
	orphans(): number[] {
		const known = new Set(this.recorded.values());
		return [...this.live.keys()].filter((id) => !known.has(id) && !this.foreign.has(id) && !this.lost.has(id));
	}
}

/** One step of a history; gives whether the stage stands as declared afterwards. */
function step(history: History, random: (below: number) => number): boolean {
	const names = ["a", "b", "c", "d"];
	const stands = history.orphans().length === 0 && [...history.recorded.values()].every((id) => history.live.has(id));
	const isWhole = stands && history.recorded.size === history.declared.size;
	const note = (text: string) => void history.log.push(text);
	switch (random(isWhole ? 6 : 3)) {
		case 0: {
			const writes = random(5);
			note(`up, killed after ${writes} writes`);
			return history.up(writes);
		}
		case 1:
			note("up");
			return history.up();
		case 2: {
			const name = names[random(names.length)] ?? "a";
			note(`declare ${name}`);
			history.declared.add(name);
			return false;
		}
		case 3: {
			const name = [...history.declared][random(history.declared.size)];
			note(`take out ${name}`);
			if (name !== undefined) history.declared.delete(name);
			return false;
		}
		case 4: {
			const id = [...history.recorded.values()][random(history.recorded.size)];
			note(`delete ${id} by hand`);
			if (id !== undefined) history.live.delete(id);
			return false;
		}
		default:
			if (history.declared.size > 0 || history.foreign.size > 1) return false;
			note("make a foreign one");
			history.foreign.add(history.make(true));
			return false;
	}
}

test("no history makes an endpoint twice, gives one to two, or takes a foreign one", (t) => {
	let [ups, lost] = [0, 0];
	for (let seed = 1; seed <= histories; seed += 1) {
		const random = randomOf(seed);
		const history = new History();
		for (let count = 0; count < stepsEach; count += 1) {
			if (!step(history, random)) continue;
			ups += 1;
			const ids = [...history.recorded.values()];
			const told = `seed ${seed}: ${history.log.join(", ")}; state ${ids}; live ${[...history.live.keys()]}`;
			assert.equal(new Set(ids).size, ids.length, `one for two; ${told}`);
			assert.ok(
				ids.every((id) => history.live.has(id)),
				`one that is gone; ${told}`,
			);
			assert.ok(!ids.some((id) => history.foreign.has(id)), `a foreign one; ${told}`);
			assert.deepEqual(history.orphans(), [], `an orphan; ${told}`);
		}
		lost += history.lost.size;
	}
	t.diagnostic(
		`${histories} histories, ${ups} updates that ended; ${lost} twins lost to a kill after a deletion by hand`,
	);
});
