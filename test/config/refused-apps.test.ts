import { testRefused } from "./refused.ts";
import { absent } from "./stage-file.ts";

testRefused({
	"an image without a tag": {
		change: { "apps/portal/image": "registry.acme.example/portal" },
		says: [
			'apps.portal.image: "registry.acme.example/portal" is not an image with a tag or a digest; allowed: for example registry.example.com/portal:2026-11-20',
		],
	},
	"an image tag that moves, with health information": {
		change: { "apps/portal/image": "registry.acme.example:5000/portal:latest" },
		says: [
			'apps.portal.image: "registry.acme.example:5000/portal:latest" is not allowed with phi: true, as nobody can say later what ran; give the tag of one release, or a digest',
		],
	},
	"no image": {
		change: { "apps/portal/image": absent },
		says: [
			"apps.portal.image: is missing; give an image with a tag or a digest: for example registry.example.com/portal:2026-11-20; or git: with a commitish",
		],
	},
	"an image whose repository has capitals": {
		change: { "apps/portal/image": "ghcr.io/Acme/Portal:Release-1" },
		says: [
			'apps.portal.image: "ghcr.io/Acme/Portal:Release-1" has capitals in the name of its repository, which Docker refuses; did you mean "ghcr.io/acme/portal:Release-1"?',
		],
	},
	"a registry password in the open": {
		change: { "apps/portal/registry/password": "hunter2-in-the-open" },
		says: [
			"apps.portal.registry.password: its value is not one reference to a secret; allowed: ${secrets.registryPassword} or another secret, and nothing beside it",
		],
	},
	"a config value that is a number": {
		change: { "apps/portal/config/PORT": 3000 },
		says: [
			"apps.portal.config.PORT: 3000 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
		],
	},
	"a config value that is a boolean": {
		change: { "apps/portal/config/DEBUG": false },
		says: ["apps.portal.config.DEBUG: false is a boolean, not text; write in quotes what is meant"],
	},
	"an empty config value": {
		change: { "apps/portal/config/EMPTY": "" },
		says: [
			'apps.portal.config.EMPTY: "" is empty, and Aptible deletes a variable set to ""; give it a value or remove the line',
		],
	},
	"a config key with nothing after it": {
		change: { "apps/portal/config/NOTHING": null },
		says: [
			'apps.portal.config.NOTHING: is empty, and Aptible deletes a variable set to ""; give it a value or remove the line',
		],
	},
	"a config key that starts with a digit": {
		change: { "apps/portal/config/1ST": "x" },
		says: [
			'apps.portal.config.1ST: "1ST" is not the name of a variable; allowed: letters, digits and _, not a digit first',
		],
	},
	"a config key that was a setting once": {
		change: { "apps/portal/config/FORCE_SSL": "true" },
		says: [
			'apps.portal.config.FORCE_SSL: "FORCE_SSL" is no config variable any more (Aptible, 2026-05-04); set forceSsl of the endpoint instead',
		],
	},
	"a config key that Aptible sets": {
		change: { "apps/portal/config/APTIBLE_PROCESS_TYPE": "web" },
		says: [
			'apps.portal.config.APTIBLE_PROCESS_TYPE: "APTIBLE_PROCESS_TYPE" is a name that Aptible sets itself; allowed: of the names with APTIBLE_ only APTIBLE_DO_NOT_WIPE is yours to set; remove the line',
		],
	},
	"an attribute that a database does not have": {
		change: { "apps/portal/config/URL": "${databases.main.uri}" },
		says: [
			'apps.portal.config.URL: "${databases.main.uri}" refers to "uri" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl; did you mean "url"?',
		],
	},
	"an app renamed from itself": {
		change: { "apps/portal/renamedFrom": "portal" },
		says: ['apps.portal.renamedFrom: "portal" is its handle now; remove the line'],
	},
	"a misspelt required key": {
		change: { "apps/portal/image": absent, "apps/portal/imgae": "registry.acme.example/portal:1" },
		says: [
			'apps.portal.imgae: is not known here; allowed: image, git, releasedBy, registry, config, configFrom, services, endpoints, adopt, renamedFrom, protect; did you mean "image"?',
		],
	},
	"a releaser that is none": {
		change: { "apps/portal/releasedBy": "CI" },
		says: ['apps.portal.releasedBy: "CI" is not who releases the app; allowed: "stageFile", "ci"; did you mean "ci"?'],
	},
	"a deploy for credentials of an app that CI releases": {
		change: {
			"apps/portal/releasedBy": "ci",
			"apps/portal/registry": {
				username: "deploy",
				password: "${secrets.registryPassword}",
				deployOnChange: true,
			},
		},
		says: [
			"apps.portal.registry.deployOnChange: true stands beside releasedBy: ci, where the stage file deploys nothing by itself; remove the line (--release takes the credentials along)",
		],
	},
	"an app renamed from another that is declared": {
		change: {
			"apps/reports": { image: "registry.acme.example/reports:1", services: { cmd: {} }, renamedFrom: "portal" },
		},
		says: [
			'apps.reports.renamedFrom: "portal" is declared too (apps.portal); one handle cannot be both renamed and kept',
		],
	},
	"an image and a commit": {
		change: { "apps/portal/git": { commitish: "4f9a1c2" } },
		says: [
			'apps.portal.image: "registry.acme.example/portal:1" stands beside git; an app has one of the two: remove the other',
		],
	},
	"git without a commit": {
		change: { "apps/portal/image": absent, "apps/portal/git": {} },
		says: [
			"apps.portal.git.commitish: is missing; give a commit or a branch: a commit such as 4f9a1c2 in quotes, or a branch that was pushed to the app's git remote",
		],
	},
	"a commit that YAML makes a number of": {
		change: { "apps/portal/image": absent, "apps/portal/git": { commitish: 1234567 } },
		says: [
			"apps.portal.git.commitish: 1234567 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
		],
	},
	"a commit that would be an option of the CLI": {
		change: { "apps/portal/image": absent, "apps/portal/git": { commitish: "--git-detach" } },
		says: [
			'apps.portal.git.commitish: "--git-detach" is not a commit or a branch; allowed: a commit such as 4f9a1c2 in quotes, or a branch that was pushed to the app\'s git remote',
		],
	},
	"a branch whose push deploys": {
		change: { "apps/portal/image": absent, "apps/portal/git": { commitish: "refs/heads/main" } },
		says: [
			'apps.portal.git.commitish: "refs/heads/main" is a branch whose push deploys at once, without the config of this file; push to another branch and name that, or its commit',
		],
	},
	"the branch that Aptible only scans": {
		change: { "apps/portal/image": absent, "apps/portal/git": { commitish: "aptible-scan" } },
		says: [
			'apps.portal.git.commitish: "aptible-scan" is the branch on which Aptible only tests the build; push to another one and name that',
		],
	},
	"a branch with health information": {
		change: { "apps/portal/image": absent, "apps/portal/git": { commitish: "release/7" } },
		says: [
			'apps.portal.git.commitish: "release/7" is not allowed with phi: true, as a branch moves and nobody can say later what ran; give the commit, 7 to 40 hexadecimal digits',
		],
	},
	"an image that is a list": {
		change: { "apps/portal/image": ["a"] },
		says: [
			"apps.portal.image: this list is not an image with a tag or a digest; allowed: for example registry.example.com/portal:2026-11-20",
		],
	},
	"a list of apps": {
		change: { apps: ["portal"] },
		says: ["apps: this list is not a block of apps; allowed: one name to a line"],
	},
	"no registry user name": {
		change: { "apps/portal/registry/username": "" },
		says: ['apps.portal.registry.username: "" is empty; give a user name: the one at the registry'],
	},
});
