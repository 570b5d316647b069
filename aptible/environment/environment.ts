import { type EnvironmentFacts, type EnvironmentSpec, refuseEnvironmentChange } from "../../wire/environment.ts";
import {
	createEnvironment,
	deleteEnvironment,
	type Environment,
	listEnvironments,
	listOrganizations,
	listStacks,
	type Stack,
	withStack,
} from "../api/environment.ts";
import { objectExists } from "../api/existence.ts";
import { renameEnvironment } from "../cli/environment.ts";
import { AptibleError } from "../client/errors.ts";
import { findUntilThere } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { type Find, findByIdentity, findRecorded } from "../find.ts";
import { syncBackupPolicy } from "./backup-policy.ts";
import { deleteTailDrains, describeRest } from "./rest.ts";

/** Brings the environment to what the spec says: there, named so, on that stack, with that backup retention. */
export async function apply(
	context: Context,
	spec: EnvironmentSpec,
	previous: EnvironmentFacts | undefined,
): Promise<EnvironmentFacts> {
	const found = await find(context, spec, previous);
	let chosen: Stack | undefined;
	if (found === undefined) {
		chosen = await create(context, spec);
	} else {
		const { stack } = await withStack(context.api, found);
		const refused = refuseEnvironmentChange({ handle: spec.handle, stack: stack.name }, spec);
		if (refused !== undefined) throw new AptibleError(refused);
		if (found.handle !== spec.handle) {
			context.progress(`environment "${found.handle}": renaming to "${spec.handle}"...`);
			await renameEnvironment(context.cli, found.handle, spec.handle);
		}
	}
	const isAsFound = found?.handle === spec.handle;
	const live = isAsFound
		? found
		: await findUntilThere(context, async () =>
				(await listEnvironments(context.api)).find(({ handle }) => handle === spec.handle),
			);
	if (live === undefined) {
		throw new AptibleError(
			`environment "${spec.handle}" is not in the list after it was created. Run \`pulumi up\` again.`,
		);
	}
	const { backups } = spec;
	const warnings = backups === undefined ? [] : await syncBackupPolicy(context, { ...spec, backups }, live.id);
	const stack = (chosen?.id === live.stackId ? chosen : undefined) ?? (await withStack(context.api, live)).stack;
	return {
		id: live.id,
		handle: live.handle,
		stack: stack.name,
		region: stack.region,
		outboundIpAddresses: [...stack.outboundIpAddresses].sort(),
		caCertificate: live.caCertificate,
		warnings,
	};
}

/** Deletes the environment. Aptible refuses while anything is left in it, which is what keeps a forgotten database safe. */
export async function remove(
	context: Context,
	spec: EnvironmentSpec,
	previous: EnvironmentFacts | undefined,
): Promise<void> {
	const found = await find(context, spec, previous, findRecorded);
	if (found === undefined) return;
	await deleteTailDrains(context, found.id);
	try {
		await deleteEnvironment(context.api, found.id);
	} catch (error) {
		if (!(await listEnvironments(context.api)).some(({ id }) => id === found.id)) return;
		const reason = error instanceof Error ? error.message : String(error);
		throw new AptibleError(
			[
				`environment "${found.handle}" cannot be deleted: ${reason}`,
				...(await describeRest(context, found)),
				"Once nothing is left, run `pulumi destroy` again.",
			].join("\n"),
		);
	}
}

/**
 * The environment as it is listed. As a list may lag behind, one that was recorded is gone only when Aptible does not know its id any
 * more, and one that is renamed and was never recorded when it is missing for a while: a second one must not be made in its place,
 * nor one forgotten that is still there.
 *
 * @throws AptibleError where it is known to be there and the list does not show it
 */
async function find(
	context: Context,
	spec: EnvironmentSpec,
	previous: EnvironmentFacts | undefined,
	findIn: Find = findByIdentity,
): Promise<Environment | undefined> {
	const look = async () => findIn(await listEnvironments(context.api), spec, previous);
	const found = await look();
	if (previous === undefined)
		return found ?? (spec.renamedFrom === undefined ? undefined : findUntilThere(context, look));
	if (found?.id === previous.id || !(await objectExists(context.api, "accounts", previous.id))) return found;
	const late = await findUntilThere(context, async () =>
		(await listEnvironments(context.api)).find(({ id }) => id === previous.id),
	);
	if (late !== undefined) return late;
	throw new AptibleError(`environment "${spec.handle}" is not listed, but still there. Run the command again.`);
}

/** @returns the stack on which it was made */
async function create(context: Context, spec: EnvironmentSpec): Promise<Stack> {
	const stacks = await listStacks(context.api);
	const stack = stacks.find(({ name }) => name === spec.stack);
	if (stack === undefined) {
		const names = stacks.map(({ name }) => name).sort();
		throw new AptibleError(`stack "${spec.stack}" is not one that this token can see; there are: ${names.join(", ")}.`);
	}
	const dedicatedTo = stack.organizationId;
	if (spec.phi && dedicatedTo === undefined) {
		throw new AptibleError(
			`stack "${spec.stack}" is shared, and Aptible forbids health data there. Set environment.phi: false, or a dedicated stack.`,
		);
	}
	context.progress(`environment "${spec.handle}": creating on stack "${spec.stack}"...`);
	await createEnvironment(context.api, {
		handle: spec.handle,
		organization_id: dedicatedTo ?? (await onlyOrganization(context)),
		stack_id: stack.id,
		// The kind must fit the stack (facts/terraform-provider.md §3.4).
		type: dedicatedTo === undefined ? "development" : "production",
	});
	return stack;
}

/** A shared stack belongs to nobody, so the organization is the user's; with several which one is unknown. */
async function onlyOrganization(context: Context): Promise<string> {
	const organizations = await listOrganizations(context.api);
	const [organization, ...others] = organizations;
	if (organization !== undefined && others.length === 0) return organization.id;
	const names = organizations.map(({ name }) => name).join(", ");
	throw new AptibleError(
		`on a shared stack the token's user must belong to exactly one organization, and belongs to ${organizations.length}` +
			`${names === "" ? "" : ` (${names})`}. Create the environment in the dashboard and set environment.adopt: true.`,
	);
}
