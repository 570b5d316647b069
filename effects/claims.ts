import type { ClaimsSpec } from "../wire/claims.ts";
import type { Change } from "./change.ts";

const nouns = {
	databases: "database",
	apps: "app",
	logDrains: "log drain",
	metricDrains: "metric drain",
} as const;

/** Which objects come into the stage, which leave it and which have another name, in one line. */
export function describeClaims({ before, after }: Change<ClaimsSpec>): string[] {
	const was = before === undefined ? [] : entriesOf(before);
	const is = entriesOf(after);
	const formerOf = ({ noun, renamedFrom }: Entry) => was.find((one) => one.noun === noun && one.handle === renamedFrom);
	const came = is.filter((one) => !was.some((other) => isSame(one, other)));
	const renamed = came.filter((one) => formerOf(one) !== undefined);
	const went = was.filter(
		(one) => ![...is, ...renamed.map(formerOf)].some((other) => other !== undefined && isSame(one, other)),
	);
	const named = (entries: readonly Entry[]) => entries.map(({ noun, handle }) => `${noun} ${handle}`).join(", ");
	const taken = came.filter((one) => !renamed.includes(one));
	return [
		...(taken.length === 0 ? [] : [`takes ${named(taken)}`]),
		...renamed.map(({ noun, handle, renamedFrom }) => `renames ${noun} ${renamedFrom} to ${handle}`),
		...(went.length === 0 ? [] : [`gives up ${named(went)}`]),
	];
}

interface Entry {
	noun: string;
	handle: string;
	renamedFrom?: string | undefined;
}

function isSame(one: Entry, other: Entry): boolean {
	return one.noun === other.noun && one.handle === other.handle;
}

function entriesOf(stage: ClaimsSpec): Entry[] {
	const { handle, renamedFrom } = stage.environment;
	const objects = (Object.keys(nouns) as (keyof typeof nouns)[]).flatMap((block) => {
		const claims: Readonly<Record<string, { adopt: boolean; renamedFrom?: string | undefined }>> = stage[block];
		return Object.entries(claims).map(([name, claim]) => ({
			noun: nouns[block],
			handle: name,
			renamedFrom: claim.renamedFrom,
		}));
	});
	return [{ noun: "environment", handle, renamedFrom }, ...objects];
}
