/** What ran meanwhile: the lists show only what there is in the end. */
import assert from "node:assert/strict";
import { readRuns } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import type { Scenario } from "./subject.ts";
import type { World } from "./world.ts";

interface Size {
	containers: number;
	containerMb: number;
	containerProfile: string;
	autoscale?: unknown;
}

/**
 * Fails where a service of an app that was not there before ever ran in another way than it is declared, or, undeclared, than Aptible
 * starts it; and where one that is to have no containers was started, whatever was there before.
 *
 * @param since how many runs there were before
 */
export function assertRan({ dir }: World, { subject, verb, spec, history }: Scenario, since: number): void {
	if (subject.kind !== "app" || verb !== "apply") return;
	const declared = new Map(Object.entries(spec.services as Record<string, Size>));
	const runs = readRuns(dir).slice(since);
	const idle = runs.filter(({ service }) => declared.get(service)?.containers === 0);
	assert.deepEqual(idle, [], "it is to have no containers, and was started");
	if (history.length > 0) return;
	const wrong = runs
		.filter(({ service }) => declared.get(service)?.autoscale === undefined)
		.filter(({ service, containers, containerMb, profile }) => {
			const wanted = declared.get(service) ?? { containers: 1, containerMb: 1024, containerProfile: "m" };
			const ran = [containers, containerMb, profile.slice(0, 1)];
			return String(ran) !== String([wanted.containers, wanted.containerMb, wanted.containerProfile]);
		});
	assert.deepEqual(wrong, [], "it ran as it was not to");
}
