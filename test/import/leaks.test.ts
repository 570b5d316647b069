/** Secrets by the ways on which they could get into a stage file, a Procfile, the report or a message. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasSecretWord, looksSecret } from "../../import/secrets.ts";
import { importTexts } from "./texts.ts";

/** Whatever an import of these files writes or says. */
function everything(files: Record<string, string>): string {
	const { blocks, lines, procfiles, secrets } = importTexts(files);
	return JSON.stringify([blocks, lines, procfiles, secrets]);
}

const api = '  api: { image: "acme/api:1", ports: ["8080:8080"] }\n  db: { image: "postgres:16" }\n';

test("a secret that a variable brings stands nowhere, whatever takes it", () => {
	const files = {
		"a.yml": `services:
${api}  web:
    image: acme/web:1
    command: [run, "\${DB_PASSWORD}", x]
    env_file: web.env
    environment:
      CONNECTION: user app with \${DB_PASSWORD}
      FALLBACK: a \${NO_TOKEN:-hunter2-b}
      LINK: http://api:8080/\${DB_PASSWORD}/x
      LIST: [1]
      URL: postgres://app:\${DB_PASSWORD}@db/app
      MISSING: "\${MISSING:?not as \${DB_PASSWORD}}"
  worker:
    image: acme/worker:1
    entrypoint: "work \${DB_PASSWORD}"
    environment:
      - CONNECTION=x \${DB_PASSWORD}
      - DB_PASSWORD hunter2-c
      - "DB_PASSWORD: hunter2-d"
`,
		".env": "DB_PASSWORD=hunter2-a\n",
		"web.env": 'OPTIONS="-x ${DB_PASSWORD}"\n',
	};
	assert.doesNotMatch(everything(files), /hunter2/);
	const { app, procfiles, rows } = importTexts(files);
	assert.deepEqual(app("web").config, {
		OPTIONS: "${secrets.options}",
		CONNECTION: "${secrets.connection}",
		FALLBACK: "${secrets.fallback}",
		URL: "${databases.db.url}",
	});
	assert.match(rows("a.yml:11"), /^decide address of api, .*; what looks like a secret stands beside it/);
	assert.deepEqual(procfiles, {
		web: "web: THE-COMMAND-OF-THE-IMAGE\n",
		worker: "worker: THE-COMMAND-OF-THE-IMAGE\n",
	});
	assert.match(rows("a.yml:6"), /^decide .*looks like a secret/);
});

test("what stands behind an address is looked at too", () => {
	const values = {
		A: "http://api:8080/v1?token=hunter2",
		B: "http://api:8080/hook/9f8e7d6c5b4a39281706",
		C: "http://localhost:8080/?api_key=hunter2",
		D: "postgres://db/x?client_secret=hunter2",
		E: "host=db port=5432 passphrase=hunter2",
	};
	for (const [name, value] of Object.entries(values)) {
		const files = {
			"a.yml": `services:\n${api}  web:\n    image: acme/web:1\n    environment: { ${name}: "${value}" }\n`,
		};
		assert.doesNotMatch(everything(files), /hunter2|9f8e7d6c/, value);
		assert.match(
			importTexts(files).rows("a.yml:6", `.${name}`),
			/^(decide .*secret stands beside it|mapped a secret)/,
			value,
		);
	}
});

test("names and values that look secret", () => {
	const secret: [name: string, value: string][] = [
		["DB_PW", "hunter2"],
		["PW", "hunter"],
		["DB_PASSWORD", "pw"],
		["RABBITMQ_ERLANG_COOKIE", "ABCDEFGH"],
		["API_BEARER", "abcdef"],
		["AUTH_HEADER", "Basic aHVudGVyMg=="],
		["HEADERS", "Authorization: Bearer abcdefgh"],
		["SPRING_APPLICATION_JSON", '{"db": {"password": "hunter2"}}'],
		["APP_CONFIG", "secret_key: hunter2"],
		["JAVA_OPTS", "-Xmx1g -Dmaster.key=hunter2"],
		["ARGS", "--client-secret=hunter2"],
		["ARGUMENTS", "--user app --password hunter2"],
		["CHECK", "curl -u jo:hunter2 http://x"],
		["LINK", "https://x.example/#access_token=hunter2"],
		["QUERY", "http://x.example/a;jsessionid=1?db_pw=hunter2"],
		["ONE", '["9f8e7d6c5b4a39281706f8e7"]'],
	];
	for (const [name, value] of secret) assert.ok(looksSecret(name, value), `${name}: ${value}`);
	const open: [name: string, value: string][] = [
		["AUTH_MODE", "en"],
		["USE_PASSWORD", "no"],
		["JAVA_OPTS", "-Djavax.net.ssl.keyStore=/etc/keys/store.jks -Dsort=key"],
		["UPSTREAM", "vault-secrets:8200"],
		["ARGS", "--token-file=/run/x --tls-key=/certs/tls.key"],
		["PLAN", "Basic subscription"],
		["TEMPLATE", "password=${PASSWORD}"],
	];
	for (const [name, value] of open) assert.ok(!looksSecret(name, value), `${name}: ${value}`);
});

test("a command with a secret, by the options of the usual programs", () => {
	for (const line of [
		"mysqldump -u root -phunter2 shop",
		"redis-cli -a hunter2 ping",
		"curl -u jo:hunter2 http://x",
		"java -jar app.jar --spring.datasource.password hunter2",
		"sh -c 'SECRET_KEY_BASE=hunter2 rails s'",
		"serve --jwt-key hunter2",
		"serve --api.token hunter2",
		"serve --db-pw hunter2",
	]) {
		assert.ok(hasSecretWord(line.split(" ")), line);
	}
	for (const line of [
		"mysql -u root -p$MYSQL_PASSWORD",
		"mkdir -p /data",
		"serve --tls-key /certs/tls.key --port 80",
		"serve --tls-key tls.pem",
		"serve --password-file /run/x",
		"gunicorn app:app --bind 0.0.0.0:8000",
	]) {
		assert.ok(!hasSecretWord(line.split(" ")), line);
	}
});

test("a command that names a service asks for its address", () => {
	const { procfiles, rows } = importTexts({
		"a.yml": `services:
  db: { image: "postgres:16" }
  web: { image: "acme/web:1", command: "./wait-for-it.sh db:5432 -- npm start" }
  work: { image: "acme/work:1", command: ["run", "--db-host", "db", "--url=http://web:80/"] }
  psql: { image: "acme/psql:1", command: "psql -h db" }
  own: { image: "acme/own:1", command: "serve own:80 --name db" }
`,
	});
	assert.equal(procfiles.web, "web: ./wait-for-it.sh db:5432 -- npm start\n");
	assert.match(rows("a.yml:3", "command"), /^decide line web .*; it names db, which has another address on Aptible/);
	assert.match(rows("a.yml:4", "command"), /^decide .*; it names db, web, which have other addresses on Aptible/);
	assert.match(rows("a.yml:5", "command"), /^decide .*; it names db, /);
	assert.match(rows("a.yml:6", "command"), /^mapped line own of own\/Procfile/);
});

test("a value that a secret of the file stands in is one, whatever it is called and whatever form it has", () => {
	const files = {
		"a.yml": `services:
  db: { image: "postgres:16", environment: { POSTGRES_USER: app, POSTGRES_PASSWORD: hunter2 } }
  web:
    image: acme/web:1
    command: run as admin/hunter2
    environment:
      PASSFILE: db:5432:x:app:hunter2
      ORACLE: app/hunter2@db:5432
      USERS: admin:s3cr3t-9
      OTHER_TOKEN: s3cr3t-9
      TITLE: the postgres of app
      NAME_PASSWORD: postgres
`,
	};
	assert.doesNotMatch(everything(files), /hunter2|s3cr3t-9/);
	const { app, procfiles } = importTexts(files);
	const config = app("web").config as Record<string, string>;
	assert.deepEqual([config.USERS, config.TITLE], ["${secrets.users}", "the postgres of app"]);
	assert.deepEqual(procfiles, { web: "web: THE-COMMAND-OF-THE-IMAGE\n" });
});
