import { drainHandle, drainTurns } from "../../wire/drain.ts";
import { createDrain, listDrains, type ReadDrain } from "../api/drain.ts";
import { AptibleError, isAlreadyThere } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { type DeclaredDrain, type NamedDrain, objectOf } from "./kind.ts";

/**
 * Makes the drain under the first handle that is free.
 *
 * @param taken handles to leave out; one that turns out to be taken is added
 * @returns the id of the new drain; undefined where none is there (yet)
 */
export async function createNew<Drain extends ReadDrain>(
	context: Context,
	spec: NamedDrain,
	drain: DeclaredDrain<Drain>,
	environment: { id: number; handle: string },
	taken: Set<string>,
): Promise<number | undefined> {
	const label = `${drain.noun} "${spec.name}"`;
	const handles = drainTurns.map((turn) => drainHandle(spec.name, environment.id, turn));
	const handle = handles.find((one) => !taken.has(one));
	if (handle === undefined) {
		throw new AptibleError(
			`${label}: every handle for it is taken (${handles.join(", ")}). Look at them with \`aptible ${drain.command}:list\`, ` +
				`take one away with \`aptible ${drain.command}:deprovision HANDLE --environment ${environment.handle}\`, and run ` +
				"`pulumi up` again.",
		);
	}
	let answer: { id: number } | undefined;
	const sent = await context.create(label, `creating "${handle}"`, async () => {
		if ("command" in drain.creation) return drain.creation.command(handle);
		answer = await createDrain(context.api, drain.target, environment.id, { handle, ...drain.creation.body });
	});
	const { failure } = sent;
	if (answer !== undefined) return answer.id;
	const listed = (await listDrains(context.api, drain.target, environment.id)).find((one) => one.handle === handle);
	if (isAlreadyThere(failure)) {
		// By somebody else's drain, in another environment; if by one of ours, it is read and judged like any other.
		if (listed === undefined) taken.add(handle);
		return undefined;
	}
	if (listed === undefined) {
		if (failure !== undefined) throw failure;
		return undefined;
	}
	const object = objectOf(drain, listed);
	// A failure may have left a record without an operation.
	if (failure === undefined || (await context.waitUntilIdle(object)) !== undefined) {
		await context.confirm(object, { doing: "creating", carries: { type: "provision" } }, 0, sent);
	}
	return listed.id;
}
