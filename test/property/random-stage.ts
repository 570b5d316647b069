/**
 * Random stages from a seed, as the specs of their reconcilers. None of them autoscales: what the autoscaler has decided stays
 * when its policy goes, so that the live state depends on more than the stage.
 */

import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { databaseSpec, httpsSpec, tcpSpec } from "../aptible/endpoint/endpoints-under-test.ts";
import type { Kind, Spec } from "../matrix/reconcilers.ts";
import { portalSpec } from "../support/app-spec.ts";
import { postgresql, redis } from "../support/database-spec.ts";

/** A thing that a stage declares. */
export interface Declared {
	kind: Kind;
	spec: Spec;
}

/** What a stage declares, by a name of its own, in the order in which it comes to be. */
export type Stage = ReadonlyMap<string, Declared>;

/** Numbers that look random, the same ones for the same seed (mulberry32). */
export class Dice {
	#state: number;

	constructor(seed: number) {
		this.#state = seed >>> 0;
	}

	/** A number from 0 up to, but not, 1. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	}

	isLucky(share: number): boolean {
		return this.next() < share;
	}

	pick<T>(list: readonly [T, ...T[]]): T {
		return list[Math.floor(this.next() * list.length)] ?? list[0];
	}

	/** Some of a list, in its order. */
	some<T>(list: readonly T[], share: number): T[] {
		return list.filter(() => this.isLucky(share));
	}
}

/**
 * A stage that can be reached from another one: types and identities go by the name, so that they never differ, and a disk is as
 * large as it was, or larger.
 */
export function randomStage(dice: Dice, before: Stage): Stage {
	const stage = new Map<string, Declared>();
	const add = (name: string, kind: Kind, spec: Spec) => stage.set(name, { kind, spec });
	if (dice.isLucky(0.4)) add("environment", "environment", environment(dice));
	for (const drain of dice.some(["siem", "audit"], 0.3)) add(`log ${drain}`, "log-drain", logDrain(dice, drain));
	if (dice.isLucky(0.25)) add("load", "metric-drain", metricDrain(dice));
	for (const base of dice.some([redis, postgresql], 0.5)) {
		const formerly = before.get(`database ${base.handle}`)?.spec.diskGb;
		add(`database ${base.handle}`, "database", database(dice, base, Number(formerly ?? 0)));
	}
	if (dice.isLucky(0.7)) add("app", "app", app(dice));
	if (stage.has("app")) {
		if (dice.isLucky(0.4)) add("https", "endpoint", https(dice));
		if (dice.isLucky(0.3))
			add("tcp", "endpoint", tcpSpec({ ipFilter: filter(dice), ports: dice.pick([[1883], [1883, 8883]]) }));
	}
	if (stage.has("database main") && dice.isLucky(0.3)) {
		add("database endpoint", "endpoint", databaseSpec({ ipFilter: filter(dice) }));
	}
	return stage;
}

function environment(dice: Dice): Spec {
	const backups = {
		daily: dice.pick([30, 60]),
		monthly: dice.pick([12, 24]),
		yearly: 6,
		makeCopy: dice.isLucky(0.5),
		keepFinal: true,
	};
	// No backup is ever lost here, and what is told from it is not what this is about.
	return { handle: "acme-test", stack: "shared-ca-central-1", phi: false, backups, acceptLoss: 1000 };
}

function database(dice: Dice, base: object, atLeastGb: number): Spec {
	return {
		...base,
		containerMb: dice.pick([1024, 2048]),
		containerProfile: dice.pick(["m", "r"]),
		diskGb: Math.max(atLeastGb, dice.pick([10, 20, 40])),
		iops: dice.pick([3000, 4000]),
	};
}

/** What each image has that a stage declares. */
const images: Readonly<Record<string, readonly string[]>> = {
	"acme/portal:1": ["web", "worker"],
	"acme/portal:2": ["web", "worker", "cron"],
	"acme/mailing:1": ["web", "worker", "cron"],
};

/** Services of an image that no stage declares. */
export function undeclaredIn(image: string): string[] {
	return image === "acme/mailing:1" ? ["mailer"] : [];
}

/** Tells an emulated Aptible what is in the images. */
export function defineImages(dir: string): void {
	for (const [image, names] of Object.entries(images)) defineImage(dir, image, [...names, ...undeclaredIn(image)]);
}

function app(dice: Dice): Spec {
	const image = dice.pick(["acme/portal:1", "acme/portal:2", "acme/mailing:1"]);
	const names = images[image] ?? [];
	const config = Object.fromEntries(dice.some(["A", "B", "C"], 0.6).map((key) => [key, dice.pick(["1", "2"])]));
	const services = Object.fromEntries(names.map((name) => [name, service(dice, name)]));
	return portalSpec({ image, config, services });
}

/** Sizes that Aptible gives by itself come up often: they decide how a release is sent. */
function service(dice: Dice, name: string): Record<string, unknown> {
	const stopTimeoutSeconds = dice.pick([10, 60]);
	const forceZeroDowntime = dice.isLucky(0.3);
	return {
		// An endpoint cannot come up on a service that has none.
		containers: dice.isLucky(0.5) ? 1 : dice.pick(name === "cron" ? [0, 2] : [1, 2]),
		containerMb: dice.isLucky(0.6) ? 1024 : 2048,
		containerProfile: dice.isLucky(0.7) ? "m" : "r",
		stopTimeoutSeconds,
		forceZeroDowntime,
	};
}

function https(dice: Dice): Spec {
	const settings = { force_ssl: dice.isLucky(0.5), ...(dice.isLucky(0.5) ? { idle_timeout: 120 } : {}) };
	return httpsSpec({ ipFilter: filter(dice), ports: dice.pick([[], [3000]]), settings });
}

function filter(dice: Dice): string[] {
	return dice.some(["203.0.113.7", "203.0.113.8"], 0.4);
}

function logDrain(dice: Dice, name: string): Spec {
	const sources = { apps: true, databases: dice.isLucky(0.5), ephemeralSessions: true, proxies: dice.isLucky(0.5) };
	const destination = dice.pick([
		{ kind: "https", url: "${secrets.url1}" },
		{ kind: "https", url: "${secrets.url2}" },
		{ kind: "syslog", host: "logs.acme.example", port: 6514 },
	]);
	return { environment: "acme-test", name, adopt: false, ...sources, ...destination };
}

function metricDrain(dice: Dice): Spec {
	const apiKey = dice.pick(["${secrets.one}", "${secrets.two}"]);
	return {
		environment: "acme-test",
		name: "load",
		adopt: false,
		kind: "datadog",
		site: dice.pick(["US1", "EU1"]),
		apiKey,
	};
}
