import { declareApps } from "./components/apps.ts";
import { checkDns, declareDns, nameServersOf } from "./components/azure/dns-load.ts";
import { declareStorage, findStorage, showStorage } from "./components/azure/storage-load.ts";
import { Claims } from "./components/claims.ts";
import { declareDatabases } from "./components/databases.ts";
import { declareDrains } from "./components/drains.ts";
import { hookAzureEffects, tellRemovals } from "./components/effects.ts";
import { Environment } from "./components/environment.ts";
import { databaseEndpointsOf, dnsRecordsOf, gitRemotesOf, hostnamesOf, urlsOf } from "./components/outputs.ts";
import { declarePermissions } from "./components/permissions.ts";
import { loadStage } from "./config/load.ts";
import { mapValues } from "./config/map-values.ts";
import { describeBand, estimate, sum } from "./cost/estimate.ts";
import { checkMovedDatabases, checkNightStep, lookForDrift } from "./drift/drift.ts";

const loaded = await loadStage();
const { stage, secrets } = loaded;
const { handle, stack } = stage.environment;

await checkNightStep(stage);
await checkMovedDatabases(loaded);
await lookForDrift(loaded);

hookAzureEffects();

const foundStorage = await findStorage(stage);
const foundDns = await checkDns(stage);

const claims = new Claims("claims", { stage, moveRecordState: loaded.moveRecordState });

const environmentResource = new Environment(
	"environment",
	{ ...stage.environment, claims, areMarked: await claims.areMarked, databases: stage.databases, apps: stage.apps },
	{ dependsOn: claims },
);

declarePermissions(stage.environment, environmentResource);

const databaseResources = declareDatabases(stage, environmentResource, claims);

const drains = declareDrains(stage, {
	environment: environmentResource,
	databases: databaseResources,
	secrets,
});

const storageResource = await declareStorage(stage, environmentResource, foundStorage);

const appResources = declareApps(stage, {
	claims,
	databases: databaseResources,
	secrets,
	releases: loaded.releases,
	storage: storageResource,
	// A line that an app writes before its drain is there goes nowhere.
	dependsOn: [environmentResource, ...Object.values(drains.logDrains)],
});

const zoneResources = await declareDns(foundDns, appResources);

await tellRemovals({ keepsFinal: stage.environment.backups?.keepFinal });

/** The environment; its addresses are what others put on their allow-lists. */
export const environment = {
	handle,
	stack,
	id: environmentResource.id,
	region: environmentResource.region,
	outboundIpAddresses: environmentResource.outboundIpAddresses,
	caCertificate: environmentResource.caCertificate,
};

/** Type and version of each database by its handle. Its URL is never here: `aptible db:url HANDLE` shows it. */
export const databases = mapValues(stage.databases, ({ type, version }) => `${type} ${version}`);

/** Git remote of each app that is deployed from git: what is pushed there, but not to master or main, can be named. */
export const gitRemotes = gitRemotesOf(stage, appResources);

/** Handle of each drain on Aptible, by its name in the stage file; a changed drain has another one. */
export const logDrains = mapValues(drains.logDrains, ({ handle }) => handle);
export const metricDrains = mapValues(drains.metricDrains, ({ handle }) => handle);

/** Address of each endpoint. */
export const urls = urlsOf(appResources);

/** Target of each endpoint's CNAME record. */
export const hostnames = hostnamesOf(appResources);

/** Host name and address of each endpoint of a database. */
export const databaseEndpoints = databaseEndpointsOf(databaseResources);

/** Records to make where the domains are hosted. */
export const dnsRecords = dnsRecordsOf(appResources);

/** Where the files are, who may connect, when the SAS tokens change, and for each container what AzCopy needs. */
export const storage = showStorage(stage, storageResource);

/** Name servers of each zone, for the registrar of its domain. */
export const nameServers = nameServersOf(zoneResources);

/** Phase of the move; a stage that moves nothing has none. */
export const movePhase = stage.move?.phase;

/** What the stage costs a month on Aptible as it is declared: list prices, without what docs/cost.md names. */
export const monthlyCost = describeBand(sum(estimate(stage)));
