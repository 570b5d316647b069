import { z } from "zod";
import { AptibleError, unlessGone } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { refuseMissingPart, withoutGone } from "./existence.ts";
import { Link, linkedId, RequiredLink } from "./link.ts";
import { readService, type Service } from "./service.ts";

const Disk = z.looseObject({ size: z.int().nullish(), baseline_iops: z.int().nullish() });
const Credential = z.looseObject({ type: z.string(), connection_url: z.string().nullish() });

const DatabaseForm = z.looseObject({
	id: z.int(),
	handle: z.string(),
	type: z.string(),
	status: z.string(),
	connection_url: z.string().nullish(),
	enable_backups: z.boolean().nullish(),
	current_kms_arn: z.string().nullish(),
	pitr_status: z.string().nullish(),
	oldest_pitr_time: z.string().nullish(),
	_links: z.looseObject({
		account: RequiredLink,
		database_image: Link,
		service: Link,
		initialize_from: Link,
		disk: Link,
	}),
	_embedded: z.looseObject({ disk: Disk.nullish(), database_credentials: z.array(Credential).nullish() }).nullish(),
});
type DatabaseForm = z.infer<typeof DatabaseForm>;

const DatabaseImage = z.looseObject({ type: z.string(), version: z.string() });

const Named = z.looseObject({ id: z.int(), handle: z.string(), status: z.string().nullish() });

/** A database as it is found by its handle. */
export type NamedDatabase = z.infer<typeof Named>;

/** What of a database can be changed beside its size (facts/terraform-provider.md §3.6). */
export interface DatabaseSettings {
	/** Whether Aptible backs it up every day; unknown where the API does not say. */
	automaticBackups: boolean | undefined;
	/** Key of AWS KMS for its disk, where it is not Aptible's own. */
	kmsKeyArn: string | undefined;
	/** Id of the database that it is a replica of. */
	primaryId: number | undefined;
	/** Point-in-time recovery; absent where the API says nothing of it. */
	recovery?: Recovery;
}

/** What a database can be recovered to. */
export interface Recovery {
	/** `supported`, `pending_restart`, `restricted` or `unsupported` (docs/facts/aptible-api.md). */
	status: string;
	/** Oldest moment, as the API writes it; absent where there is none yet. */
	oldest?: string;
}

/** A database without its credentials. */
export interface Database extends DatabaseSettings {
	id: number;
	handle: string;
	environmentId: number;
	type: string;
	version: string;
	/** `provisioned`, `pending`, `provisioning`, `provision_failed`... */
	status: string;
	/** Absent until it is provisioned, as are its sizes. */
	serviceId: number | undefined;
	diskGb: number | undefined;
	/** The disk's `baseline_iops`, which is what `db:list` shows (aptible-cli 0.26.6, resource_formatter.rb). */
	iops: number | undefined;
	containerMb: number | undefined;
	containerProfile: string | undefined;
}

/** The URLs of a database, all of them secrets. */
export interface DatabaseUrls {
	id: number;
	handle: string;
	connectionUrl: string | undefined;
	credentials: { type: string; connectionUrl: string | undefined }[];
}

/** What is at hand of the services that databases run as. */
type Services = readonly Service[];

/** The databases of an environment, to find one among them. */
export async function listNamedDatabases(api: Api, environmentId: number): Promise<NamedDatabase[]> {
	const url = `${databasesOf(api, environmentId)}&no_embed=true`;
	return withoutGone(await api.list(url, "databases", Named));
}

/**
 * The id of a database by its handle, from no list (as the CLI looks for one since 0.26.5; in no document).
 *
 * @param environment its handle
 */
export async function findDatabaseId(api: Api, environment: string, handle: string): Promise<number | undefined> {
	const query = new URLSearchParams({ handle, environment });
	return (await api.read(`${api.root}/find/database?${query}`, Named).catch(unlessGone))?.id;
}

/** The databases of an environment with their URLs, whole. */
export async function listDatabasesWithUrls(
	api: Api,
	environmentId: number,
	services: Services,
): Promise<(Database & DatabaseUrls)[]> {
	const shown = await api.list(databasesOf(api, environmentId), "databases", DatabaseForm, { secrets: true });
	const databases = withoutGone(shown).map(async (one) => {
		const [database, urls] = await Promise.all([databaseOf(api, one, services), shownUrls(api, one)]);
		return { ...database, ...urls };
	});
	// One may be removed since it was listed.
	const whole = await Promise.all(databases.map((one) => one.catch(unlessGone)));
	return whole.filter((one) => one !== undefined);
}

/** A database by its id, which no list has to show yet. */
export async function readDatabase(api: Api, id: number): Promise<Database> {
	return databaseOf(api, await api.read(`${api.root}/databases/${id}`, DatabaseForm), []);
}

/** What can be changed of a database beside its size. */
export async function readDatabaseSettings(api: Api, id: number): Promise<DatabaseSettings> {
	return settingsOf(await api.read(`${api.root}/databases/${id}`, DatabaseForm));
}

/** Statuses of a database that may have no service yet. */
const withoutService = ["pending", "provisioning", "provision_failed"];

/**
 * The service that a database runs as, to which its endpoints belong; undefined where it was never provisioned.
 *
 * @throws AptibleError where it was, and the answer does not say: without its service it would seem to have no endpoints
 */
export async function readDatabaseServiceId(api: Api, id: number): Promise<number | undefined> {
	const { handle, status, _links: links } = await api.read(`${api.root}/databases/${id}`, DatabaseForm);
	const serviceId = linkedId(links.service);
	if (serviceId !== undefined || withoutService.includes(status)) return serviceId;
	throw new AptibleError(
		`database "${handle}" is ${status}, but Aptible does not say which service it runs as, so what endpoints it has is unknown. Run ` +
			"the command again.",
	);
}

/** The URLs of a database. */
export async function readDatabaseUrls(api: Api, id: number): Promise<DatabaseUrls> {
	return urlsOf(await api.read(`${api.root}/databases/${id}`, DatabaseForm, { secrets: true }));
}

/** Type and version of a database's image, which never changes. */
export function readDatabaseImage(api: Api, id: number): Promise<z.infer<typeof DatabaseImage>> {
	return api.readOnce(`${api.root}/database_images/${id}`, DatabaseImage);
}

function databasesOf(api: Api, environmentId: number): string {
	return `${api.root}/accounts/${environmentId}/databases?per_page=1000`;
}

/** With version and size from where the CLI takes them: its image, its embedded disk and its service (resource_formatter.rb). */
async function databaseOf(api: Api, shown: DatabaseForm, services: Services): Promise<Database> {
	const { id, handle, type, status, _links: links, _embedded: embedded } = shown;
	const label = `database "${handle}"`;
	const serviceId = linkedId(links.service);
	const [image, service, disk] = await Promise.all([
		imageOf(api, shown),
		serviceId === undefined ? undefined : (services.find((one) => one.id === serviceId) ?? readService(api, serviceId)),
		embedded?.disk ?? diskOf(api, shown),
	]).catch(refuseMissingPart(api, "databases", { id, label }));
	return {
		id,
		handle,
		environmentId: linkedId(links.account),
		type,
		version: image?.version ?? "unknown",
		status,
		serviceId,
		diskGb: disk?.size ?? undefined,
		iops: disk?.baseline_iops ?? undefined,
		containerMb: service?.containerMb,
		containerProfile: service?.containerProfile,
		...settingsOf(shown),
	};
}

async function imageOf(api: Api, { _links: links }: DatabaseForm) {
	const id = linkedId(links.database_image);
	return id === undefined ? undefined : readDatabaseImage(api, id);
}

/** For an answer that has no disk embedded (documented: OpenAPI, `/disks/ID`). */
async function diskOf(api: Api, { _links: links }: DatabaseForm): Promise<z.infer<typeof Disk> | undefined> {
	const id = linkedId(links.disk);
	return id === undefined ? undefined : api.read(`${api.root}/disks/${id}`, Disk);
}

function settingsOf(shown: DatabaseForm): DatabaseSettings {
	const { enable_backups, current_kms_arn, pitr_status: status, oldest_pitr_time: oldest, _links: links } = shown;
	return {
		automaticBackups: enable_backups ?? undefined,
		kmsKeyArn: current_kms_arn || undefined,
		primaryId: linkedId(links.initialize_from),
		...(status == null ? {} : { recovery: { status, ...(oldest == null ? {} : { oldest }) } }),
	};
}

/** As the CLI does, a database whose credentials a list leaves out is asked by itself (resource_formatter.rb). */
async function shownUrls(api: Api, shown: DatabaseForm): Promise<DatabaseUrls> {
	const isWhole = shown._embedded?.database_credentials != null || shown.status !== "provisioned";
	return isWhole ? urlsOf(shown) : readDatabaseUrls(api, shown.id);
}

function urlsOf({ id, handle, connection_url, _embedded: embedded }: DatabaseForm): DatabaseUrls {
	return {
		id,
		handle,
		connectionUrl: connection_url || undefined,
		credentials: (embedded?.database_credentials ?? []).map(({ type, connection_url: url }) => ({
			type,
			connectionUrl: url || undefined,
		})),
	};
}

/** Handles of a database's replicas. */
export async function listReplicas(api: Api, id: number): Promise<string[]> {
	const dependents = await api.list(`${api.root}/databases/${id}/dependents`, "databases", Named);
	return dependents.map(({ handle }) => handle);
}

/** Has a database backed up every day, or not; it takes no operation. */
export function setAutomaticBackups(api: Api, id: number, on: boolean): Promise<void> {
	return api.send("PATCH", `${api.root}/databases/${id}`, { enable_backups: on });
}

/**
 * Ends the link between a replica and its primary, so that the primary can be deleted first. It ends no replication: that is
 * done in the database. The dashboard's own call (app-ui `src/deploy/database`).
 */
export function unlinkReplica(api: Api, id: number): Promise<void> {
	return api.send("POST", `${api.root}/databases/${id}/unlink`);
}
