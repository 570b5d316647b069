/** A log drain that sends everything to a syslog server, with no secret. */
export const syslogDrain = {
	environment: "acme-test",
	name: "siem",
	adopt: false,
	kind: "syslog",
	host: "logs.acme.example",
	port: 6514,
	apps: true,
	databases: true,
	ephemeralSessions: true,
	proxies: true,
};
