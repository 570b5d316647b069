import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/** What an update may not take off unseen, by the name that a person knows it under. Plain values, the same in every answer of Azure. */
export type Watched = Readonly<Record<string, string>>;

/**
 * Refuses an update of a resource where somebody has changed what the state is to keep of it: Azure takes a request for the whole
 * resource, so that what the state does not know of would be gone. `pulumi refresh` brings it into the state.
 *
 * @param name of the hook, unique in the program
 * @param what the resource as a person knows it
 * @param watched paths of properties (`encryption.keySource`), each with what it is
 * @param read what Azure says of it now
 */
export function refuseLoss(
	name: string,
	what: string,
	watched: Watched,
	read: () => Promise<object>,
): { hooks: pulumi.ResourceHookBinding } {
	const hook = new pulumi.ResourceHook(
		`${name}-loss`,
		async ({ oldOutputs }) => {
			const live = await read();
			const changed = Object.entries(watched).filter(
				([path]) => !isDeepStrictEqual(at(live, path), at(oldOutputs, path)),
			);
			if (changed.length === 0) return;
			const list = changed.map(([, title]) => title).join(", ");
			throw new Error(
				`${what} has ${list} that were changed in Azure since the last run, and this update would put them back; ` +
					`take them into the state with \`pulumi refresh\`, and run this again`,
			);
		},
		{ onDryRun: true },
	);
	return { hooks: { beforeUpdate: [hook] } };
}

/** What lies at a path; nothing and empty are the same to Azure. */
function at(value: unknown, path: string): unknown {
	const found = path
		.split(".")
		.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
	if (found === null || found === "") return undefined;
	return typeof found === "object" && Object.keys(found as object).length === 0 ? undefined : found;
}
