import type { AppSpec } from "../../wire/app.ts";
import { type DatabaseReference, readDatabaseReference, readEndpointReference } from "../../wire/references.ts";
import { environmentKey, fillTemplate, references } from "../../wire/template.ts";
import { type DatabaseUrls, listNamedDatabases, readDatabaseUrls } from "../api/database.ts";
import { AptibleError, tellGone } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";
import { readUrlPart } from "./connection-url.ts";
import { readDefaultDomain } from "./default-domain.ts";

/** An app's config and registry credentials with every reference filled in: secrets, all of them. */
export interface ResolvedValues {
	config: Record<string, string>;
	registry: { username: string; password: string } | undefined;
}

/**
 * Fills the templates of a spec: a database's URL and its parts from Aptible at this moment, the app's own default domain likewise, and
 * everything else from the environment variable in which the Command handed it over. A URL so never passes through Pulumi's state, not even
 * encrypted.
 *
 * @param appId id of the app on Aptible
 */
export async function resolveTemplates(context: Context, spec: AppSpec, appId: number): Promise<ResolvedValues> {
	const { username = "", password = "" } = spec.registry ?? {};
	const templates = [...Object.values(spec.config), username, password];
	const needed = new Set(templates.flatMap(references));
	const isOwn = (reference: string) => readEndpointReference(reference)?.app === spec.handle;
	const [databases, ownDomain] = await Promise.all([
		readUrls(context, `app "${spec.handle}"`, spec.environment, needed),
		[...needed].some(isOwn) ? readDefaultDomain(context, spec.environment, appId) : undefined,
	]);
	const lookup = (reference: string): string => {
		const wanted = readDatabaseReference(reference);
		// Its other addresses stand in the spec as they are, or cannot be asked for (config/endpoint-order.ts).
		if (ownDomain !== undefined && isOwn(reference)) return ownDomain;
		if (wanted === undefined) return handedOver(`app "${spec.handle}"`, reference);
		const { value, says } = databaseValue(databases, wanted);
		if (value) return value;
		throw new AptibleError(
			`app "${spec.handle}" needs \${${reference}}, but database "${wanted.database}" ${says}. Look at it with ` +
				`\`aptible db:list --environment ${spec.environment}\`.`,
		);
	};
	const fill = (template: string) => fillTemplate(template, lookup);
	return {
		config: Object.fromEntries(Object.entries(spec.config).map(([key, template]) => [key, fill(template)])),
		registry: spec.registry && { username: fill(spec.registry.username), password: fill(spec.registry.password) },
	};
}

/** The URLs of the databases that are referred to, as far as they are there. */
async function readUrls(
	context: Context,
	label: string,
	environment: string,
	needed: ReadonlySet<string>,
): Promise<DatabaseUrls[]> {
	const handles = new Set([...needed].flatMap((reference) => readDatabaseReference(reference)?.database ?? []));
	if (handles.size === 0) return [];
	const { id } = await environmentNamed(context, environment);
	const find = async () => (await listNamedDatabases(context.api, id)).filter(({ handle }) => handles.has(handle));
	const found = await readUntil(context, find, ({ length }) => length === handles.size);
	const gone = (handle: string) =>
		`${label}: database "${handle}" has gone while its URL was read. Run \`pulumi up\` again.`;
	const databases = await Promise.all(
		found.map((one) => readDatabaseUrls(context.api, one.id).catch(tellGone(gone(one.handle)))),
	);
	for (const urls of databases) rememberUrls(context, urls);
	return databases;
}

/** Has the URLs of a database, and the passwords in them, masked in whatever is printed. */
export function rememberUrls({ redactor }: Context, { connectionUrl, credentials }: DatabaseUrls): void {
	for (const url of [connectionUrl, ...credentials.map((each) => each.connectionUrl)]) {
		if (url === undefined) continue;
		redactor.addUrl(url);
		// As an app gets it, which a reader of URLs may see otherwise.
		const password = readUrlPart(url, "password");
		if (password !== undefined) redactor.add(password);
	}
}

/** What a reference to a database stands for, and what to say where that is nothing. */
export function databaseValue(
	databases: readonly DatabaseUrls[],
	wanted: DatabaseReference,
): { value: string | undefined; says: string } {
	const { url, says } = urlOf(databases, wanted);
	const value = url === undefined ? undefined : readUrlPart(url, wanted.part);
	return { value, says: url === undefined ? says : `has no ${wanted.part} in its connection URL` };
}

function urlOf(
	databases: readonly DatabaseUrls[],
	{ database, credential }: DatabaseReference,
): { url: string | undefined; says: string } {
	const live = databases.find(({ handle }) => handle === database);
	if (credential === undefined || live === undefined || live.credentials.length === 0) {
		return { url: credential === undefined ? live?.connectionUrl : undefined, says: "has no connection URL yet" };
	}
	const types = live.credentials.map(({ type }) => type).join(", ");
	const url = live.credentials.find(({ type }) => type === credential)?.connectionUrl;
	return { url, says: `has no credentials of type "${credential}"; it has: ${types}` };
}

/**
 * Fills a template whose references are all to secrets, less white space at its ends: a secret that was read from a file often
 * ends in a line feed.
 *
 * @param label who needs it, for messages
 */
export function fillSecrets(context: Context, label: string, template: string): string {
	const value = fillTemplate(template, (reference) => handedOver(label, reference)).trim();
	if (references(template).length > 0) context.redactor.addUrl(value);
	return value;
}

/** The value of a reference that the Command handed over in an environment variable. */
function handedOver(label: string, reference: string): string {
	const value = process.env[environmentKey(reference)];
	if (value !== undefined && value !== "") return value;
	throw new AptibleError(`${label} needs \${${reference}}, which the program did not hand over.`);
}
