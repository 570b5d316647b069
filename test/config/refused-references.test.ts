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
			'apps.portal.config.KEY: "${secret.sessionKey}" refers to "secret"; allowed: ${secrets.NAME}, ${databases.NAME.url}, ${apps.NAME.endpoints.NAME.url}, ${storage.NAME.sasToken}; did you mean "secrets"?',
		],
	},
	"a reference without an attribute": {
		change: { "apps/portal/config/URL": "${databases.main}" },
		says: [
			'apps.portal.config.URL: "${databases.main}" names no attribute of a database; write ${databases.main.url}, or one of its parts: host, port, user, password, name, jdbcUrl',
		],
	},
	"another name of a part, which never offers the whole URL or a password": {
		change: {
			"apps/portal/config/A": "${databases.main.username}",
			"apps/portal/config/B": "${databases.main.hots}",
			"apps/portal/config/C": "${databases.main.urls.postgresql.jdbc}",
			"apps/portal/config/D": "${databases.main.pasword}",
		},
		says: [
			'apps.portal.config.A: "${databases.main.username}" refers to "username" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl; did you mean "user"?',
			'apps.portal.config.B: "${databases.main.hots}" refers to "hots" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl; did you mean "host"?',
			'apps.portal.config.C: "${databases.main.urls.postgresql.jdbc}" refers to "jdbc" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl; did you mean "jdbcUrl"?',
			'apps.portal.config.D: "${databases.main.pasword}" refers to "pasword" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl; did you mean "password"?',
		],
	},
	"a part that a database of its type does not have, with those that it has": {
		change: {
			"environment/phi": false,
			"apps/portal/config/A": "${databases.cache.name}",
			"apps/portal/config/B": "${databases.cache.redis+ssl.jdbcUrl}",
		},
		says: [
			'apps.portal.config.A: "${databases.cache.name}" asks for what the connection URL of a redis database does not have; it has: host, port, user, password',
			'apps.portal.config.B: "${databases.cache.redis+ssl.jdbcUrl}" asks for what the connection URL of a redis database does not have; it has: host, port, user, password',
		],
	},
	"a part of a database that is not declared: no slip hands out another one's password": {
		change: {
			"apps/portal/config/A": "${databases.mian.host}",
			"apps/portal/config/B": "${databases.mian.password}",
			"databases/main/renamedFrom": "primary",
			"apps/portal/config/C": "${databases.primary.password}",
		},
		says: [
			'apps.portal.config.A: "${databases.mian.host}" refers to a database that is not under databases; declared: main, cache; did you mean "main"?',
			'apps.portal.config.B: "${databases.mian.password}" refers to a database that is not under databases; declared: main, cache',
			'apps.portal.config.C: "${databases.primary.password}" refers to a database that is not under databases; declared: main, cache; it is "main" now, which has renamedFrom: primary',
		],
	},
	"a part of credentials that a database of its type does not have": {
		change: {
			"apps/portal/config/A": "${databases.cache.rediss.port}",
			"apps/portal/config/B": "${databases.cache.amqps.port}",
			"apps/portal/config/C": "${databases.main.reporting.port}",
			"apps/portal/config/D": "${databases.cache.redis+tls.url}",
		},
		says: [
			'apps.portal.config.A: "${databases.cache.rediss.port}" refers to a database that is not under databases; declared: main, cache; refers to credentials that no redis database has; allowed: redis.port, redis+ssl.port; did you mean "redis"?',
			'apps.portal.config.B: "${databases.cache.amqps.port}" refers to credentials that no redis database has; allowed: redis.port, redis+ssl.port',
			'apps.portal.config.C: "${databases.main.reporting.port}" refers to a database that is not under databases; declared: main, cache; for other credentials write ${databases.main.urls.reporting.port}',
			'apps.portal.config.D: "${databases.cache.redis+tls.url}" refers to a database that is not under databases; declared: main, cache; refers to credentials that no redis database has; allowed: urls.redis, urls.redis+ssl; did you mean "redis+ssl"?',
		],
	},
	"an endpoint of an app that is not there, or an address that it does not have": {
		change: {
			"apps/gateway": {
				image: "acme/gateway:1",
				renamedFrom: "proxy",
				services: { web: {} },
				endpoints: {
					internal: { service: "web", kind: "https", defaultDomain: true, internal: true, renamedFrom: "inner" },
					any: { service: "web", kind: "https", domain: "*.acme.example", managedTls: true },
				},
			},
			"apps/portal/config/A": "${apps.gatway.endpoints.internal.url}",
			"apps/portal/config/B": "${apps.gateway.endpoints.internl.url}",
			"apps/portal/config/C": "${apps.gateway.endpoints.internal.hostname}",
			"apps/portal/config/D": "${apps.gateway.url}",
			"apps/portal/config/E": "${apps.gateway.endpoints.internal}",
			"apps/portal/config/F": "https://${apps.gateway.endpoints.any.host}",
			"apps/portal/config/G": "${apps.proxy.endpoints.internal.url}",
			"apps/portal/config/H": "${apps.gateway.endpoints.inner.url}",
		},
		says: [
			'apps.portal.config.A: "${apps.gatway.endpoints.internal.url}" refers to an app that is not under apps; declared: portal, gateway; did you mean "gateway"?',
			'apps.portal.config.B: "${apps.gateway.endpoints.internl.url}" refers to an endpoint that app "gateway" does not have; declared: internal, any; did you mean "internal"?',
			'apps.portal.config.C: "${apps.gateway.endpoints.internal.hostname}" refers to "hostname" of an endpoint; allowed: url, host; did you mean "host"?',
			'apps.portal.config.D: "${apps.gateway.url}" names no address of an endpoint; write ${apps.gateway.endpoints.NAME.url}, or .host',
			'apps.portal.config.E: "${apps.gateway.endpoints.internal}" names no address of an endpoint; write ${apps.gateway.endpoints.internal.url}, or .host',
			'apps.portal.config.F: "${apps.gateway.endpoints.any.host}" leads to *.acme.example, which is no one address; write the host name that is meant',
			'apps.portal.config.G: "${apps.proxy.endpoints.internal.url}" refers to an app that is not under apps; declared: portal, gateway; it is "gateway" now, which has renamedFrom: proxy',
			'apps.portal.config.H: "${apps.gateway.endpoints.inner.url}" refers to an endpoint that app "gateway" does not have; declared: internal, any; it is "internal" now, which has renamedFrom: inner',
		],
	},
	"a part without a database, which never offers a URL in its place": {
		change: {
			"apps/portal/config/A": "${databases.host}",
			"apps/portal/config/B": "${databases.pwd}",
			"apps/portal/config/C": "${databases.}",
		},
		says: [
			'apps.portal.config.A: "${databases.host}" names no database; write ${databases.NAME.host}',
			'apps.portal.config.B: "${databases.pwd}" names no database; write ${databases.NAME.password}',
			'apps.portal.config.C: "${databases.}" names no attribute of a database; write ${databases.NAME.url}, or one of its parts: host, port, user, password, name, jdbcUrl',
		],
	},
	"what a database does not have": {
		change: { "apps/portal/config/A": "${databases.main.uri}", "apps/portal/config/B": "${databases.main.version}" },
		says: [
			'apps.portal.config.A: "${databases.main.uri}" refers to "uri" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl; did you mean "url"?',
			'apps.portal.config.B: "${databases.main.version}" refers to "version" of a database; allowed: url, urls.TYPE, host, port, user, password, name, jdbcUrl',
		],
	},
	"a URL of PostgreSQL where pgjdbc expects its own": {
		change: {
			"apps/portal/config/A": "jdbc:${databases.main.url}",
			"apps/portal/config/B": "x JDBC:${databases.main.urls.postgresql}?ssl=true",
			"apps/portal/config/C": "jdbc:${databases.main.jdbcUrl}",
		},
		says: [
			'apps.portal.config.A: "${databases.main.url}" stands after jdbc:, and pgjdbc takes no user in the URL; write ${databases.main.jdbcUrl} for all of it, and give the app ${databases.main.user} and ${databases.main.password} in variables of their own',
			'apps.portal.config.B: "${databases.main.urls.postgresql}" stands after jdbc:, and pgjdbc takes no user in the URL; write ${databases.main.postgresql.jdbcUrl} for all of it, and give the app ${databases.main.postgresql.user} and ${databases.main.postgresql.password} in variables of their own',
			'apps.portal.config.C: "${databases.main.jdbcUrl}" stands after jdbc:, with which it begins itself; remove that',
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
		change: {
			"apps/portal/config/URL": "${databases.cache.url}",
			"apps/portal/config/PORT": "${databases.cache.redis.port}",
		},
		says: [
			'apps.portal.config.URL: "${databases.cache.url}" is not encrypted on its way, which phi: true forbids; write ${databases.cache.urls.redis+ssl}',
			'apps.portal.config.PORT: "${databases.cache.redis.port}" is not encrypted on its way, which phi: true forbids; write ${databases.cache.redis+ssl.port}',
		],
	},
});
