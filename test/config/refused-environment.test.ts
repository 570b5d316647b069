import { testRefused } from "./refused.ts";
import { absent } from "./stage-file.ts";

testRefused({
	"a misspelt block": {
		change: { databasse: {}, databases: absent, "apps/portal/config/DATABASE_URL": "x" },
		says: [
			'databasse: is not known here; allowed: environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move, secrets, include; did you mean "databases"?',
		],
	},
	"a key from somewhere else": {
		change: { regions: ["ca"] },
		says: [
			"regions: is not known here; allowed: environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move, secrets, include",
		],
	},
	"health information on a shared stack": {
		change: { "environment/stack": "shared-ca-central-1" },
		says: [
			'environment.phi: true is not allowed on "shared-ca-central-1": Aptible\'s shared stacks may hold no health information; name a dedicated stack, or set phi: false',
		],
	},
	"phi left out": {
		change: { "environment/phi": absent },
		says: ["environment.phi: is missing; give true or false: whether the stage holds protected health information"],
	},
	"a YAML 1.1 boolean": {
		change: { "environment/phi": "yes" },
		says: [
			'environment.phi: "yes" is not true or false (whether the stage holds protected health information); did you mean true?',
		],
	},
	"a handle with a capital": {
		change: { "environment/handle": "Acme Test" },
		says: [
			'environment.handle: "Acme Test" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first',
		],
	},
	"a handle that is a number": {
		change: { "environment/handle": 42 },
		says: [
			"environment.handle: 42 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
		],
	},
	"no environment": {
		change: { environment: absent },
		says: [
			"environment: is missing; give the environment of the stage: a block with handle, stack, phi, adopt, renamedFrom, protect, permissions, backups",
		],
	},
	"an environment that is text": {
		change: { environment: "acme" },
		says: [
			'environment: "acme" is not the environment of the stage; allowed: a block with handle, stack, phi, adopt, renamedFrom, protect, permissions, backups',
		],
	},
	"permissions that are none": {
		change: {
			"environment/permissions": {
				Developers: ["deploy", "reed"],
				Robots: [],
				Nurses: "read",
				"": ["read"],
				" QA": ["read"],
			},
		},
		says: [
			'environment.permissions.Developers[1]: "reed" is not a scope; allowed: "admin", "basic_read", "deploy", "destroy", "observability", "read", "sensitive", "tunnel"; did you mean "read"?',
			"environment.permissions.Robots: this list is empty; remove the line to take everything from the role",
			'environment.permissions.Nurses: "read" is not a list of scopes; allowed: at least one of admin, basic_read, deploy, destroy, observability, read, sensitive, tunnel',
			`environment.permissions[""]: "" is not the name of a role; allowed: its name in Aptible's dashboard, without a space at either end`,
			`environment.permissions[" QA"]: " QA" is not the name of a role; allowed: its name in Aptible's dashboard, without a space at either end`,
		],
	},
	"a stack name in capitals": {
		change: { "environment/stack": "ACME" },
		says: [
			'environment.stack: "ACME" is not the name of a stack; allowed: 1 to 26 lower-case letters, digits and hyphens, a letter or digit first',
		],
	},
	"no daily backup": {
		change: { "environment/backups": { daily: 0, monthly: 0, yearly: 0, keepFinal: true } },
		says: ["environment.backups.daily: 0 is not a whole number of 1 or more (daily backups to keep)"],
	},
	"a backup policy without keepFinal": {
		change: { "environment/backups": { daily: 1, monthly: 0, yearly: 0 } },
		says: [
			"environment.backups.keepFinal: is missing; give true or false: true keeps the last backup of a deleted database",
		],
	},
	"health information without a final backup": {
		change: { "environment/backups": { daily: 1, monthly: 0, yearly: 0, keepFinal: false } },
		says: [
			"environment.backups.keepFinal: false is not allowed with phi: true; set keepFinal: true, which keeps the last backup of a database that is deleted",
		],
	},
	"an environment renamed from itself": {
		change: { "environment/renamedFrom": "acme-test" },
		says: ['environment.renamedFrom: "acme-test" is its handle now; remove the line'],
	},
	"a negative number of backups to lose": {
		change: { "environment/backups": { daily: 1, monthly: 0, yearly: 0, keepFinal: true, acceptLoss: -1 } },
		says: [
			"environment.backups.acceptLoss: -1 is not a whole number of 0 or more (existing backups that may be deleted)",
		],
	},
});
