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
import { keyDocs } from "./key-docs.ts";
import { LogDrain } from "./log-drain.ts";
import { MetricDrain } from "./metric-drain.ts";
import { Move } from "./move.ts";
import { groups } from "./variables.ts";

const secretError =
	"is not text, or empty; set it with: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'";

/** Secrets by name, all encrypted in the file. */
export const Secrets = named("secrets", z.string({ error: secretError }).min(1, { error: secretError }));

/** A whole stage file: every key under `medstack-to-aptible:`. */
export const StageFile = block("the stage", {
	environment: Environment.register(keyDocs, { description: "Aptible environment that holds the stage" }),
	databases: named("databases", Database)
		.default({})
		.register(keyDocs, { description: "managed databases", allowed: "handle: block" }),
	shared: groups().optional().register(keyDocs, {
		description: "groups of variables that several apps take with `configFrom`",
		inPlace: "restart",
		allowed: "name: variables, each with its text",
	}),
	apps: named("apps", App)
		.default({})
		.register(keyDocs, { description: "apps, each one image or git repository", allowed: "handle: block" }),
	logDrains: named("log drains", LogDrain).default({}).register(keyDocs, { description: "where logs are sent" }),
	metricDrains: named("metric drains", MetricDrain)
		.default({})
		.register(keyDocs, { description: "where metrics are sent" }),
	storage: StorageFile.optional().register(keyDocs, { description: "storage account in Azure with its containers" }),
	dns: DnsFile.optional().register(keyDocs, { description: "zones and records in Azure DNS" }),
	move: Move.optional().register(keyDocs, { description: "move of the data from a MedStack cluster, by phases" }),
	secrets: Secrets.default({}).register(keyDocs, {
		description: "values that apps, endpoints and drains refer to",
		inPlace: "restart of apps; other objects are updated",
		allowed: "name: encrypted text",
	}),
	// Read before a stage comes here: config/include.ts.
	include: z
		.array(text("a path", "apps/*.yaml or another one from the folder of Pulumi.yaml"), {
			error: message("a list", "paths and patterns from the folder of Pulumi.yaml, such as [apps/*.yaml]"),
		})
		.optional()
		.register(keyDocs, { description: "files that hold more of these blocks", inPlace: "yes" }),
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
	/** What the blocks above have been changed by; absent: no data is moved. */
	move?: Move;
}
