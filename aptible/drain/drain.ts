/**
 * What log drains and metric drains have in common. Aptible changes nothing about where a drain sends, so a changed drain is a
 * new one: it comes up beside the old one, and only when it is provisioned does the old one go. So no line is lost; for a
 * moment some are sent twice.
 *
 * Whatever of a drain is on Aptible, from however many runs that were killed, is told by its handle (`isHandleOf`) and compared
 * with what is declared, secrets included, as the API shows them. One that fits is finished and kept, the others go.
 */

import { type DrainFacts, drainTurns, isHandleOf } from "../../wire/drain.ts";
import { environmentIdOf, listDrains, type ReadDrain } from "../api/drain.ts";
import type { Environment } from "../api/environment.ts";
import { createOperation } from "../api/operation.ts";
import { deprovisionDrain } from "../cli/drain.ts";
import { AptibleError, unlessGone } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { environmentToBeIn, liveEnvironmentOf, refuseHidden, refuseOtherEnvironment } from "../find.ts";
import { createNew } from "./creation.ts";
import { type DeclaredDrain, type DrainNoun, type NamedDrain, objectOf } from "./kind.ts";

/** States in which a drain works, or can be made to. */
const usable: readonly string[] = ["pending", "provisioning", "provisioned", "provision_failed"];

/** Each turns up something new: a handle that is taken, a record that the list did not show yet. */
const rounds = drainTurns.length + 3;

/** Brings a drain to what is declared, and gives its facts. */
export async function ensureDrain<Drain extends ReadDrain>(
	context: Context,
	spec: NamedDrain,
	previous: DrainFacts | undefined,
	drain: DeclaredDrain<Drain>,
): Promise<DrainFacts> {
	const environment = await environmentToBeIn(context, spec.environment, previous);
	const taken = new Set<string>();
	let made: number | undefined;
	for (let round = 0; round < rounds; round += 1) {
		const own = await readOwn(context, spec, drain, environment, { recorded: previous?.id, made });
		const fitting = chooseFitting(own, drain, [made, previous?.id]);
		if (fitting !== undefined) {
			const live = await finish(context, drain, environment.handle, fitting);
			for (const other of own) {
				if (other.id !== live.id) await deprovision(context, drain, environment.handle, other);
			}
			return factsOf(spec, drain, environment.id, live);
		}
		const unlike = own.find(({ id }) => id === made);
		if (unlike !== undefined) return await giveUp(context, drain, environment.handle, unlike);
		for (const { handle } of own) taken.add(handle);
		made = await createNew(context, spec, drain, environment, taken);
	}
	throw new AptibleError(
		`${drain.noun} "${spec.name}" is not in the list after it was created. Run \`pulumi up\` again.`,
	);
}

/** Deprovisions whatever there is of a drain. */
export async function removeDrain<Drain extends ReadDrain>(
	context: Context,
	spec: NamedDrain,
	previous: DrainFacts | undefined,
	drain: DrainNoun<Drain>,
): Promise<void> {
	const environment = await liveEnvironmentOf(context, spec.environment, previous);
	const gone = new Set<number>();
	// Once more after the last one is gone: a list may have left one out.
	for (let round = 0; round < rounds; round += 1) {
		const recorded = gone.has(previous?.id ?? 0) ? undefined : previous?.id;
		const own = await readOwn(context, spec, drain, environment, { recorded });
		if (own.length === 0) return;
		for (const live of own) {
			await deprovision(context, drain, environment.handle, live);
			gone.add(live.id);
		}
	}
}

/**
 * The drains that are this one's, with nothing running on them: those with its handle, and those with these ids, of which the one that was
 * made just now has been waited for.
 */
async function readOwn<Drain extends ReadDrain>(
	context: Context,
	spec: NamedDrain,
	drain: DrainNoun<Drain>,
	environment: Environment,
	{ recorded, made }: { recorded: number | undefined; made?: number | undefined },
): Promise<Drain[]> {
	const list = () => listDrains(context.api, drain.target, environment.id);
	const listed = await list();
	const handled = listed.filter(({ handle }) => isHandleOf(handle, spec, environment.id));
	// The ids besides, as a list may not have caught up.
	const ids = new Set([...handled.map(({ id }) => id), ...[recorded, made].flatMap((id) => id ?? [])]);
	const own: Drain[] = [];
	for (const id of ids) {
		const object = { target: drain.target, id, label: `${drain.noun} "${spec.name}"` };
		if (id !== made) await context.waitUntilIdle(object).catch(unlessGone);
		const live = await drain.read(context, id);
		if (live === undefined) {
			await refuseHidden(context, object, async () =>
				(await list()).some((one) => one.id === id && one.status !== "deprovisioned"),
			);
		}
		if (live === undefined || live.status === "deprovisioned") continue;
		const place = { id, environmentId: environmentIdOf(live) };
		await refuseOtherEnvironment(context, objectOf(drain, live).label, place, environment.handle);
		for (const secret of drain.secretsOf(live)) context.redactor.addUrl(secret);
		own.push(live);
	}
	return own;
}

/** The drain to keep: one that was just made, else one that shows what is declared, rather a provisioned one, rather the last one. */
function chooseFitting<Drain extends ReadDrain>(
	own: readonly Drain[],
	drain: DeclaredDrain<Drain>,
	preferred: readonly (number | undefined)[],
): Drain | undefined {
	const [made] = preferred;
	const fits = (live: Drain) =>
		usable.includes(live.status) &&
		drain.differences(live).length === 0 &&
		(live.id === made || drain.hidden(live).length === 0);
	const rank = (live: Drain) => (live.status === "provisioned" ? 0 : 1) + (preferred.includes(live.id) ? 0 : 2);
	return own.filter(fits).sort((a, b) => rank(a) - rank(b))[0];
}

/** Provisions a drain that is not, and changes in place what can be. */
async function finish<Drain extends ReadDrain>(
	context: Context,
	drain: DeclaredDrain<Drain>,
	environment: string,
	fitting: Drain,
): Promise<Drain> {
	const object = objectOf(drain, fitting);
	if (fitting.status !== "provisioned") {
		await context.operate(object, { doing: "provisioning", carries: { type: "provision" } }, () =>
			createOperation(context.api, drain.target, fitting.id, { type: "provision" }),
		);
	}
	const adjusted = await drain.adjust(fitting);
	if (fitting.status === "provisioned" && !adjusted) return fitting;
	const live = await drain.read(context, fitting.id);
	if (live === undefined) throw new AptibleError(`${object.label} has gone while it was being worked on.`);
	if (live.status === "provisioned") return live;
	throw new AptibleError(
		`${object.label} is still ${live.status} after it was provisioned. Look at it with ` +
			`\`aptible ${drain.command}:list --environment ${environment}\`, then run \`pulumi up\` again.`,
	);
}

/** Takes a new drain away again that does not show what it was made with: the next run would take it for another one. */
async function giveUp<Drain extends ReadDrain>(
	context: Context,
	drain: DeclaredDrain<Drain>,
	environment: string,
	live: Drain,
): Promise<never> {
	const fields = drain.differences(live).map(({ field }) => field);
	await deprovision(context, drain, environment, live);
	throw new AptibleError(
		`${drain.noun} "${live.handle}" was made, but Aptible shows another ${fields.join(", ") || live.status} than it was given, ` +
			"so it was taken away again. Write the value as Aptible shows it.",
	);
}

async function deprovision<Drain extends ReadDrain>(
	context: Context,
	drain: DrainNoun<Drain>,
	environment: string,
	live: Drain,
): Promise<void> {
	await context.deprovision(
		objectOf(drain, live),
		() => deprovisionDrain(context.cli, drain.command, environment, live.handle),
		// By id: a list may leave out what is there, and gone is only what Aptible says is gone.
		async () => ((await drain.read(context, live.id))?.status ?? "deprovisioned") !== "deprovisioned",
	);
}

function factsOf<Drain extends ReadDrain>(
	spec: NamedDrain,
	drain: DeclaredDrain<Drain>,
	environmentId: number,
	live: Drain,
): DrainFacts {
	const hidden = drain.hidden(live);
	return {
		id: live.id,
		environmentId,
		handle: live.handle,
		type: live.drain_type,
		warnings:
			hidden.length === 0
				? []
				: [
						`${drain.noun} "${spec.name}": this token may not see its ${hidden.join(", ")}, so whether it is still right ` +
							"is unknown, and each change of it makes a new one. Give the token's role the permission `sensitive`.",
					],
	};
}
