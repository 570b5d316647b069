import { App } from "./components/app.ts";
import { Claims } from "./components/claims.ts";
import { Database } from "./components/database.ts";
import { Environment } from "./components/environment.ts";
import { dnsRecordsOf, hostnamesOf, urlsOf } from "./components/outputs.ts";
import { loadStage } from "./config/load.ts";
import { mapValues } from "./config/map-values.ts";

const { stage, secrets } = loadStage();
const { handle, stack } = stage.environment;

const claims = new Claims("claims", { stage });

const environmentResource = new Environment("environment", stage.environment, { dependsOn: claims });

const databaseResources = mapValues(
	stage.databases,
	(database, name) => new Database(name, { ...database, environment: handle }, { dependsOn: environmentResource }),
);

const appResources = mapValues(
	stage.apps,
	(app, name) =>
		new App(
			name,
			{ ...app, environment: handle, databases: databaseResources, secrets },
			{ dependsOn: environmentResource },
		),
);

/** The environment; its addresses are what others put on their allow-lists. */
export const environment = {
	handle,
	stack,
	id: environmentResource.id,
	region: environmentResource.region,
	outboundIpAddresses: environmentResource.outboundIpAddresses,
};

/** Id of each database by its handle. Its URL is never here: `aptible db:url HANDLE` shows it. */
export const databases = mapValues(databaseResources, ({ id }) => id);

/** Id of each app by its handle. */
export const apps = mapValues(appResources, ({ id }) => id);

/** Address of each endpoint. */
export const urls = urlsOf(appResources);

/** Target of each endpoint's CNAME record. */
export const hostnames = hostnamesOf(appResources);

/** Records to make where the domains are hosted. */
export const dnsRecords = dnsRecordsOf(appResources);
