/** Stages in an emulated Azure that has something in it before. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Cloud } from "@medstack-to-aptible/sandbox/azure/cloud.ts";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";
import { parse } from "yaml";
import type { Blocks } from "../support/stage.ts";
import { openStorageStage, type StorageStage } from "./storage-stage.ts";

/** The subscription of every sandbox. */
export const subscription = "00000000-0000-4000-8000-00000000acee";

/** What is in Azure before: type without its package, and what was asked for. */
export type Seed = [type: string, inputs: PropertyMap][];

/** A stage whose Azure had something in it before. */
export interface SeededStage extends StorageStage {
	cloud: Cloud;
	/** Everything in Azure, by id: what was asked for last. */
	everything(): Record<string, PropertyMap>;
	/** What was asked for last of the only resource of a type. */
	live(type: string): PropertyMap;
	/** Puts another stage file in place. */
	write(blocks: Blocks): Promise<void>;
}

/** Opens a stage in an Azure with a seed. */
export async function openSeeded(t: Pick<TestContext, "after">, blocks: Blocks, seed: Seed): Promise<SeededStage> {
	const opened = await openStorageStage(t, "staging", (old) => replace(old, blocks));
	const { azure, stage } = opened;
	const cloud = new Cloud(azure, subscription);
	for (const [type, inputs] of seed) await cloud.create(`azure-native:${type}`, inputs);
	return {
		...opened,
		cloud,
		everything: () => Object.fromEntries(azure.all().map(({ id, inputs }) => [id, inputs])),
		live: (type) => azure.ofType(`azure-native:${type}`)[0]?.inputs ?? {},
		write: (next) => stage.edit((old) => replace(old, next)),
	};
}

function replace(old: Blocks, blocks: Blocks): void {
	for (const name of Object.keys(old)) delete old[name];
	Object.assign(old, structuredClone(blocks));
}

const cases = join(import.meta.dirname, "cases");

/** The blocks of a stage file of a case. */
export async function caseBlocks(folder: string, file: string): Promise<Blocks> {
	const { config } = parse(await readFile(join(cases, folder, file), "utf8"));
	return Object.fromEntries(
		Object.entries(config).map(([name, block]) => [name.replace("medstack-to-aptible:", ""), block]),
	);
}

/** What is in Azure before a case. */
export async function caseSeed(folder: string): Promise<Seed> {
	return JSON.parse(await readFile(join(cases, folder, "seed.json"), "utf8"));
}
