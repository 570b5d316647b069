import type { ClaimMark, ClaimsFacts, ClaimsSpec } from "../../wire/claims.ts";
import { findObject } from "../api/existence.ts";
import { findUserEmail } from "../api/token.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { claimAllEndpoints } from "../endpoint/claims.ts";
import { describeTaken, type Taken } from "./foreign.ts";
import { claimedTargets, partsOf, readLivePatiently } from "./live.ts";

/** Something that lives on Aptible under a handle which the stage declares and which was not claimed before. */
interface Found extends Taken {
	adopt: boolean;
}

/** A handle that the stage declares. */
interface Declared {
	place: string;
	adopt: boolean;
	/** Place that it had before. */
	former?: string | undefined;
	renamedFrom?: string | undefined;
}

/** What one kind of claims comes to. */
type Claimed = Pick<ClaimsFacts, "marks" | "kept"> & { found: Found[] };

/**
 * Claims the stage's handles: each one that is new must be free, or its object must be marked `adopt`.
 *
 * Pulumi records a resource only after its create has succeeded. When that create is killed half-way, the next run finds an
 * object and cannot know whose it is. The claims are recorded before the first create, so there is no question: what was
 * claimed while it was free is ours.
 *
 * A claim lives as long as its object: Pulumi deletes last, so a run that fails leaves objects whose lines are gone, and the lines
 * may come back. Of those the id is kept, as somebody may have made another one under the handle meanwhile.
 *
 * @throws AptibleError naming every handle that is taken, what lives there, and the line that adopts it.
 */
export async function apply(
	context: Context,
	spec: ClaimsSpec,
	previous: ClaimsFacts | undefined,
): Promise<ClaimsFacts> {
	const [endpoints, handles] = await Promise.all([
		claimAllEndpoints(context, spec, previous),
		claimHandles(context, spec, previous),
	]);
	const found = [...handles.found, ...endpoints.found];
	const taken = found.filter(({ adopt }) => !adopt);
	if (taken.length > 0) throw new AptibleError(describeTaken(taken));
	for (const { place, text } of found) context.progress(`${place} is adopted: ${text}`);
	return {
		claimed: declaredIn(spec).map(({ place }) => place),
		endpoints: endpoints.claims,
		marks: sorted(handles.marks),
		kept: sorted({ ...handles.kept, ...endpoints.kept }),
		warnings: [],
	};
}

/** Nothing: a claim is only a record. */
export async function remove(): Promise<void> {}

/** Asks Aptible only where a handle is new, or its line is gone. */
async function claimHandles(
	context: Context,
	spec: ClaimsSpec,
	previous: ClaimsFacts = { claimed: [], endpoints: {}, marks: {}, kept: {}, warnings: [] },
): Promise<Claimed> {
	const declared = declaredIn(spec);
	const places = new Set(declared.map(({ place }) => place));
	const known = new Set(previous.claimed);
	const dropped = previous.claimed.filter((place) => !places.has(place));
	const isNew = ({ place, former }: Declared) => !known.has(place) && !(former !== undefined && known.has(former));
	const fresh = declared.filter(isNew);
	const claimed: Claimed = { marks: {}, kept: {}, found: [] };
	const carry = (place: string, mark: ClaimMark | undefined) => {
		if (mark !== undefined) claimed.marks[place] = mark;
	};
	for (const one of declared) {
		if (!isNew(one)) carry(one.place, previous.marks[known.has(one.place) ? one.place : (one.former ?? "")]);
	}
	for (const [place, id] of Object.entries(previous.kept)) {
		if (places.has(place) || isOfEndpoint(place)) continue;
		const [noun, name] = partsOf(place);
		const object = await findObject(context.api, claimedTargets[noun], id);
		// A drain has another handle after each change; what else has another one has been renamed.
		if (object === undefined || (!noun.endsWith("Drains") && object.handle !== name)) continue;
		claimed.kept[place] = id;
		carry(place, previous.marks[place]);
	}
	if (fresh.length + dropped.length === 0) return claimed;
	const live = await readLivePatiently(
		context,
		spec.environment,
		fresh.map(({ place }) => place),
		dropped,
	);
	for (const place of dropped) {
		const mark = previous.marks[place];
		const there = live.at(place).find(({ id }) => mark === undefined || id > mark.after || id === mark.id);
		if (there === undefined) continue;
		claimed.kept[place] = there.id;
		carry(place, mark);
	}
	const by = await findUserEmail(context.api.authRoot);
	for (const { place, former = place, adopt, renamedFrom } of fresh) {
		const objects = live.at(place, renamedFrom);
		const was = [place, former].find((one) => objects.some(({ id }) => id === previous.kept[one]));
		if (was !== undefined) {
			carry(place, previous.marks[was]);
			continue;
		}
		const [there] = objects;
		carry(place, { after: live.newest(place), by, ...(there === undefined ? {} : { id: there.id }) });
		if (there !== undefined) claimed.found.push({ place, text: await live.describe(place, there), adopt });
	}
	return claimed;
}

/** Sorted by place. */
function declaredIn({ environment, databases, apps, logDrains, metricDrains }: ClaimsSpec): Declared[] {
	const nouns = { databases, apps, logDrains, metricDrains };
	const declared: Declared[] = [
		{ place: "environment", adopt: environment.adopt, renamedFrom: environment.renamedFrom },
		...Object.entries(nouns).flatMap(([noun, claims]: [string, Record<string, Omit<Declared, "place">>]) =>
			Object.entries(claims).map(([handle, { adopt, renamedFrom }]) => ({
				place: `${noun}.${handle}`,
				adopt,
				renamedFrom,
				former: renamedFrom === undefined ? undefined : `${noun}.${renamedFrom}`,
			})),
		),
	];
	return declared.sort((a, b) => (a.place < b.place ? -1 : 1));
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
	return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isOfEndpoint(place: string): boolean {
	return place.includes(".endpoints.");
}
