import assert from "node:assert/strict";
import { test } from "node:test";
import { composeWords } from "../../config/compose-words.ts";
import { testRefused } from "./refused.ts";

const own = "is a key of Compose's, and not known here";

testRefused({
	"the keys of a service of Compose's": {
		change: {
			"apps/portal/services/web/replicas": 2,
			"apps/portal/services/web/command": "npm start",
			"apps/portal/services/web/healthcheck": { test: "true" },
		},
		says: [
			`apps.portal.services.web.replicas: ${own}: the number of a service's containers is its containers`,
			`apps.portal.services.web.command: ${own}: what a service runs is its line in the image's /.aptible/Procfile (docs/import.md#commands)`,
			`apps.portal.services.web.healthcheck: ${own}: an https endpoint asks for / or /healthcheck with each release (docs/configuration/endpoints.md), and a service without endpoint goes by the image's HEALTHCHECK (docs/configuration/apps.md#services)`,
		],
	},
	"the keys of Compose's in an app, in a database and at the top": {
		change: {
			"apps/portal/environment": { A: "b" },
			"apps/portal/ports": ["80:80"],
			"databases/main/volumes": ["data:/data"],
			services: {},
		},
		says: [
			`databases.main.volumes: ${own}: containers keep no files: what has to stay goes to object storage (docs/configuration/storage.md) or a database`,
			`apps.portal.environment: ${own}: an app's variables stand under its config`,
			`apps.portal.ports: ${own}: what is reached from outside is an endpoint of the app, with its port (docs/configuration/endpoints.md)`,
			`services: ${own}: services stand in an app: apps.NAME.services`,
		],
	},
});

test("each word has Aptible's way, in a clause that goes on behind the key", () => {
	for (const [word, says] of Object.entries(composeWords)) assert.match(says, /^[a-zA-Z][^\n]{20,}[^.]$/, word);
});
