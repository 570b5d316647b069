import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { unlessMissing } from "./missing.ts";

/**
 * What an update may not take off unseen, by the name that a person knows it under. A path ends with `*` where only the names below it
 * are the same in every answer of Azure.
 */
export type Watched = Readonly<Record<string, string>>;

/** A resource whose update is refused where something of it would be gone. */
export interface Loss {
	/** Name of the hook, unique in the program. */
	name: string;
	/** The resource as a person knows it. */
	what: string;
	/** Paths of properties (`encryption.keySource`), each with what it is. */
	watched: Watched;
	/** What Azure says of it now. */
	read: () => Promise<object>;
	/** Why one that is gone is not made again by an update. @default it is */
	unlessGone?: string;
}

/**
 * Refuses an update of a resource where somebody has changed what the state is to keep of it: Azure takes a request for the whole
 * resource, so that what the state does not know of would be gone. `pulumi refresh` brings it into the state.
 */
export function refuseLoss(loss: Loss): { hooks: pulumi.ResourceHookBinding } {
	const hook = new pulumi.ResourceHook(`${loss.name}-loss`, ({ oldOutputs }) => checkLoss(loss, oldOutputs), {
		onDryRun: true,
	});
	return { hooks: { beforeUpdate: [hook] } };
}

/** Throws where an update of a resource would take something off it. */
export async function checkLoss({ what, watched, read, unlessGone }: Loss, recorded: unknown): Promise<void> {
	const live = await readOrExplain(what, read);
	if (live === undefined) {
		if (unlessGone === undefined) return;
		throw new Error(`${what} is gone from Azure; ${unlessGone}`);
	}
	const changed = Object.entries(watched).filter(([path]) => !isDeepStrictEqual(at(live, path), at(recorded, path)));
	if (changed.length === 0) return;
	const list = [...new Set(changed.map(([, title]) => title))].join(", ");
	throw new Error(
		`${what} has ${list} that were changed in Azure since the last run, and this update would put them back; ` +
			`take them into the state with \`pulumi refresh\`, and run this again`,
	);
}

async function readOrExplain(what: string, read: () => Promise<object>): Promise<object | undefined> {
	try {
		return await unlessMissing(read());
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		throw new Error(
			`${what} could not be read to see what this update would take off it, so nothing was sent: ${reason}; ` +
				"fix that and run this again; `pulumi refresh` shows whether the login can read it",
			{ cause: error },
		);
	}
}

/** What lies at a path, as it is compared. */
function at(value: unknown, path: string): unknown {
	let found = value;
	for (const key of path.split(".")) {
		// Identities are a list where they are asked for, and a map where Azure answers.
		found = key === "*" ? namesOf(found) : (found as Record<string, unknown> | null | undefined)?.[key];
	}
	return withoutNothing(found);
}

function namesOf(value: unknown): unknown[] | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	return (Array.isArray(value) ? value : Object.keys(value)).map(withoutNothing).sort();
}

/** Nothing, empty and false are the same to Azure, and so are ids in any casing. */
function withoutNothing(value: unknown): unknown {
	if (typeof value === "string") return value.startsWith("/subscriptions/") ? value.toLowerCase() : value || undefined;
	if (typeof value !== "object" || value === null) return value || undefined;
	if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutNothing);
	const entries = Object.entries(value)
		.map(([key, inner]) => [key, withoutNothing(inner)] as const)
		.filter(([, inner]) => inner !== undefined);
	return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
