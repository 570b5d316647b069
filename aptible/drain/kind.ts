import type { Difference } from "../../wire/difference.ts";
import type { DrainTarget, ListedDrain, ReadDrain } from "../api/drain.ts";
import type { Context, OperationObject } from "../context.ts";

/** What tells the two kinds of drain apart. */
export interface DrainNoun<Drain extends ReadDrain> {
	target: DrainTarget;
	/** As the CLI's commands name it. */
	command: "log_drain" | "metric_drain";
	/** As messages name it. */
	noun: "log drain" | "metric drain";
	/** Reads one with its secrets; undefined where there is none. */
	read(context: Context, id: number): Promise<Drain | undefined>;
	/** What of it must not be printed. */
	secretsOf(live: Drain): string[];
}

/** A drain as it is declared, its secrets filled in. */
export interface DeclaredDrain<Drain extends ReadDrain> extends DrainNoun<Drain> {
	/** How a live drain differs in where it sends: none of it can be changed in place. */
	differences(live: Drain): Difference[];
	/** Declared fields that the token may not see. */
	hidden(live: Drain): string[];
	/**
	 * How to make it: a body for the API, which makes a record only, or a command of the CLI, which makes a record and provisions
	 * it. Whatever has a secret in it goes to the API, as the CLI passes its options on to its vendor.
	 */
	creation: { body: Record<string, unknown> } | { command: (handle: string) => Promise<void> };
	/** Changes in place what can be; tells whether there was anything. */
	adjust(live: Drain): Promise<boolean>;
}

/** What a drain's handles are made of, and where it is. */
export interface NamedDrain {
	environment: string;
	name: string;
	adopt: boolean;
}

/** A live drain as operations are sent to it. */
export function objectOf(drain: Pick<DrainNoun<never>, "target" | "noun">, live: ListedDrain): OperationObject {
	return { target: drain.target, id: live.id, label: `${drain.noun} "${live.handle}"` };
}
