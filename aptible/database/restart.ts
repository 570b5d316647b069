/** The restart of a database that the mover comes to: after its endpoint, and with the sizes of the move, in one. */
import { type DatabaseRestartFacts, type DatabaseRestartSpec, restartEndpoint } from "../../wire/database-restart.ts";
import { environmentKey } from "../../wire/template.ts";
import type { Database } from "../api/database.ts";
import { listOperations } from "../api/operation.ts";
import { AptibleError, unlessGone } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { readWhole, resize } from "./database.ts";
import { databaseObject, findIdleDatabase } from "./find.ts";

/** Operations with which a database starts again, and gets a new certificate. */
const restarts = ["restart", "reload"];

/** Restarts the database unless it has been since its endpoint came up; brings it to its sizes either way. */
export async function apply(
	context: Context,
	spec: DatabaseRestartSpec,
	previous: DatabaseRestartFacts | undefined,
): Promise<DatabaseRestartFacts> {
	const endpointId = Number(process.env[environmentKey(restartEndpoint)]);
	const found = await findIdleDatabase(context, spec, previous && { id: previous.databaseId });
	if (found === undefined) {
		throw new AptibleError(
			`database "${spec.handle}" is not in environment "${spec.environment}", so it cannot be restarted. Look at what is there with ` +
				`\`aptible db:list --environment ${spec.environment}\`, then run \`pulumi up\` again.`,
		);
	}
	const live = await readWhole(context, found);
	const isDue = !(await wasRestarted(context, live, await findProvisioning(context, spec, endpointId)));
	await resize(context, spec, live, isDue ? "so that its certificate names the new endpoint" : undefined);
	return { databaseId: live.id, endpointId, warnings: [] };
}

/** Nothing: what is done is done, and the sizes are the database's own from then on. */
export async function remove(): Promise<void> {}

/**
 * The operation that brought an endpoint up; later ones change its filter, and not its name.
 *
 * @throws AptibleError where Aptible shows none: whether a restart came after it would be a guess
 */
async function findProvisioning(
	context: Context,
	{ handle }: DatabaseRestartSpec,
	endpointId: number,
): Promise<number> {
	const find = async () =>
		(await listOperations(context.api, "vhosts", endpointId).catch(unlessGone))?.findLast(
			({ type, status }) => type === "provision" && status === "succeeded",
		);
	const provisioned = await readUntil(context, find, (found) => found !== undefined);
	if (provisioned !== undefined) return provisioned.id;
	throw new AptibleError(
		`database "${handle}": Aptible shows no operation that brought its endpoint ${endpointId} up, so whether the database was restarted ` +
			"since is unknown. Run `pulumi up` again. If it fails again, ask Aptible's support (https://app.aptible.com/support).",
	);
}

/** Operations count up over all of Aptible, so that a higher id came later. */
async function wasRestarted(context: Context, live: Database, since: number): Promise<boolean> {
	const { target, id } = databaseObject(live);
	return (await listOperations(context.api, target, id, since)).some(
		(operation) => operation.id > since && restarts.includes(operation.type) && operation.status === "succeeded",
	);
}
