import { testRefused } from "./refused.ts";

testRefused({
	"a handle with a reference": {
		change: { "environment/handle": "acme-${secrets.sessionKey}" },
		says: [
			'environment.handle: "acme-${secrets.sessionKey}" holds a reference, and none may stand here; write the value itself',
		],
	},
	"a registry password with text beside the reference": {
		change: { "apps/portal/registry/password": "x${secrets.sessionKey}" },
		says: [
			"apps.portal.registry.password: its value is not one reference to a secret; allowed: ${secrets.registryPassword} or another secret, and nothing beside it",
		],
	},
	"a registry password that is not under secrets": {
		change: { "apps/portal/registry/password": "${secrets.registryPasword}" },
		says: [
			'apps.portal.registry.password: "${secrets.registryPasword}" refers to a secret that is not under secrets; declared: registryPassword, sessionKey; did you mean "registryPassword"?',
		],
	},
	"an unknown database in a reference": {
		change: { "apps/portal/config/URL": "${databases.mian.url}" },
		says: [
			'apps.portal.config.URL: "${databases.mian.url}" refers to a database that is not under databases; declared: main, cache; did you mean "main"?',
		],
	},
	"an unknown secret in a reference": {
		change: { "apps/portal/config/KEY": "a ${secrets.sesionKey} b" },
		says: [
			'apps.portal.config.KEY: "${secrets.sesionKey}" refers to a secret that is not under secrets; declared: registryPassword, sessionKey; did you mean "sessionKey"?',
		],
	},
	"a kind that nothing has in a reference": {
		change: { "apps/portal/config/KEY": "${secret.sessionKey}" },
		says: [
			'apps.portal.config.KEY: "${secret.sessionKey}" refers to "secret"; allowed: ${secrets.NAME}, ${databases.NAME.url}, ${storage.NAME.sasToken}; did you mean "secrets"?',
		],
	},
	"a reference without an attribute": {
		change: { "apps/portal/config/URL": "${databases.main}" },
		says: ['apps.portal.config.URL: "${databases.main}" names no attribute of a database; write ${databases.main.url}'],
	},
	"a part of a database's URL": {
		change: {
			"apps/portal/config/HOST": "${databases.main.host}",
			"apps/portal/config/PASSWORD": "${databases.main.password}",
			"apps/portal/config/JDBC": "${databases.main.jdbcUrl}",
			"apps/portal/config/LONG": "${databases.main.urls.postgresql.port}",
		},
		says: [
			'apps.portal.config.HOST: "${databases.main.host}" asks for a part of a database\'s URL, and parts cannot be had; give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart',
			'apps.portal.config.PASSWORD: "${databases.main.password}" asks for a part of a database\'s URL, and parts cannot be had; give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart',
			'apps.portal.config.JDBC: "${databases.main.jdbcUrl}" asks for a part of a database\'s URL, and parts cannot be had; give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart',
			'apps.portal.config.LONG: "${databases.main.urls.postgresql.port}" asks for a part of a database\'s URL, and parts cannot be had; give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart',
		],
	},
	"what a database does not have": {
		change: { "apps/portal/config/A": "${databases.main.uri}", "apps/portal/config/B": "${databases.main.version}" },
		says: [
			'apps.portal.config.A: "${databases.main.uri}" refers to "uri" of a database; allowed: url, urls.TYPE; did you mean "url"?',
			'apps.portal.config.B: "${databases.main.version}" refers to "version" of a database; allowed: url, urls.TYPE',
		],
	},
	"a URL of PostgreSQL where pgjdbc expects its own": {
		change: {
			"apps/portal/config/A": "jdbc:${databases.main.url}",
			"apps/portal/config/B": "x JDBC:${databases.main.urls.postgresql}?ssl=true",
		},
		says: [
			'apps.portal.config.A: "${databases.main.url}" stands after jdbc:, and pgjdbc takes no user in the URL; give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart',
			'apps.portal.config.B: "${databases.main.urls.postgresql}" stands after jdbc:, and pgjdbc takes no user in the URL; give the app the whole URL in a variable of its own, such as DATABASE_URL, and have its entrypoint take it apart',
		],
	},
	"a reference that is never closed": {
		change: { "apps/portal/config/URL": "${databases.main.url" },
		says: ['apps.portal.config.URL: "${" is never closed; write ${kind.name...}, or $${ for a literal "${"'],
	},
	"a secret with a bad name": {
		change: { "secrets/Session-Key": "sentinel" },
		says: [
			'secrets.Session-Key: "Session-Key" is not the name of a secret; allowed: letters and digits, a lower-case letter first',
		],
	},
	"an empty secret": {
		change: { "secrets/sessionKey": "" },
		says: [
			"secrets.sessionKey: its value is not text, or empty; set it with: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'",
		],
	},
	"a secret that is a number": {
		change: { "secrets/sessionKey": 12345678 },
		says: [
			"secrets.sessionKey: its value is not text, or empty; set it with: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'",
		],
	},
	"a secret that is a block": {
		change: { "secrets/sessionKey": { a: "sentinel" } },
		says: [
			"secrets.sessionKey: its value is not text, or empty; set it with: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'",
		],
	},
	"a reference in an image": {
		change: { "apps/portal/image": "registry.acme.example/portal:${secrets.sessionKey}" },
		says: [
			'apps.portal.image: "registry.acme.example/portal:${secrets.sessionKey}" holds a reference, and none may stand here; write the value itself',
		],
	},
	"credentials that a database of its type does not have": {
		change: { "apps/portal/config/URL": "${databases.cache.urls.rediss}" },
		says: [
			'apps.portal.config.URL: "${databases.cache.urls.rediss}" refers to credentials that no redis database has; allowed: urls.redis, urls.redis+ssl; did you mean "redis"?',
		],
	},
	"credentials of a database that is not declared": {
		change: { "apps/portal/config/URL": "${databases.cach.urls.redis+ssl}" },
		says: [
			'apps.portal.config.URL: "${databases.cach.urls.redis+ssl}" refers to a database that is not under databases; declared: main, cache; did you mean "cache"?',
		],
	},
	"an unencrypted connection for health information": {
		change: { "apps/portal/config/URL": "${databases.cache.url}" },
		says: [
			'apps.portal.config.URL: "${databases.cache.url}" is not encrypted on its way, which phi: true forbids; write ${databases.cache.urls.redis+ssl}',
		],
	},
});
