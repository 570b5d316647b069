/**
 * What a stage file may say: each noun has a file beside this one, with the type that the program reads. Only what one value
 * shows by itself is judged there; whatever takes two values to see is in `config/rules.ts`, and references are in
 * `config/references.ts`.
 */
import { z } from "zod";
import { App } from "./app.ts";
import { type Dns, DnsFile } from "./azure/dns.ts";
import { type Storage, StorageFile } from "./azure/storage.ts";
import { Database } from "./database.ts";
import { Environment } from "./environment.ts";
import { block, message, named, text } from "./fields.ts";
import { LogDrain } from "./log-drain.ts";
import { MetricDrain } from "./metric-drain.ts";

const secretError =
	"is not text, or empty; set it with: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'";

/** Secrets by name, all encrypted in the file. */
export const Secrets = named("secrets", z.string({ error: secretError }).min(1, { error: secretError }));

/** A whole stage file: every key under `medstack-to-aptible:`. */
export const StageFile = block("the stage", {
	environment: Environment,
	/** @default none */
	databases: named("databases", Database).default({}),
	/** @default none */
	apps: named("apps", App).default({}),
	/** @default none */
	logDrains: named("log drains", LogDrain).default({}),
	/** @default none */
	metricDrains: named("metric drains", MetricDrain).default({}),
	/** @default none */
	storage: StorageFile.optional(),
	/** @default none */
	dns: DnsFile.optional(),
	/** @default none */
	secrets: Secrets.default({}),
	/** Files with more blocks, which are read before a stage comes here (`config/include.ts`). @default none */
	include: z
		.array(text("a path", "apps/*.yaml or another one from the folder of Pulumi.yaml"), {
			error: message("a list", "paths and patterns from the folder of Pulumi.yaml, such as [apps/*.yaml]"),
		})
		.optional(),
});

/** Keys of a stage file. */
export const blockNames: readonly string[] = Object.keys(StageFile.shape);

/** What the program reads of a stage: every default applied. The values of its secrets are kept apart from it. */
export interface Stage {
	environment: Environment;
	databases: Record<string, Database>;
	apps: Record<string, App>;
	logDrains: Record<string, LogDrain>;
	metricDrains: Record<string, MetricDrain>;
	/** Absent: nothing of the stage is in Azure Blob. */
	storage?: Storage;
	/** Absent: no zone is in Azure DNS. */
	dns?: Dns;
}
