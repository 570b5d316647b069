/** Values that name databases, apps and secrets, as references. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { looksSecret } from "../../import/secrets.ts";
import { importTexts, type Result } from "./texts.ts";

const databases = `  db:
    image: postgres:16
    environment: { POSTGRES_USER: app, POSTGRES_PASSWORD: pg-secret, POSTGRES_DB: shop }
  mysql:
    image: mysql:8.4
    environment: { MYSQL_USER: my, MYSQL_PASSWORD: my-secret, MYSQL_DATABASE: shop, MYSQL_ROOT_PASSWORD: root-secret }
  cache: { image: "redis:7.2" }
  mongo: { image: "mongo:4.0" }
  search: { image: "elasticsearch:7.10.2" }
  queue: { image: "rabbitmq:4.1-management" }
  api: { image: "acme/api:1", ports: ["8080:8080"], container_name: the-api }
  broker: { image: "acme/broker:1", expose: [1883] }
`;

/** Imports one app with these variables beside one service of each kind. */
function withVariables(
	variables: Readonly<Record<string, string>>,
	options: { phi?: boolean } = {},
): Result & { config: Record<string, string> } {
	const lines = Object.entries(variables).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`);
	const result = importTexts(
		{ "a.yml": `services:\n${databases}  web:\n    image: acme/web:1\n    environment:\n${lines.join("")}` },
		options,
	);
	return { ...result, config: (result.app("web").config ?? {}) as Record<string, string> };
}

const db = "${databases.db";

test("a database's URL is one reference, with what may go on behind it", () => {
	const cases: [value: string, text: string][] = [
		["postgres://app:pg-secret@db:5432/shop", `${db}.url}`],
		["postgresql://db/shop?sslmode=disable&application_name=web", `${db}.url}?application_name=web`],
		[
			"postgresql+asyncpg://app:pg-secret@db/shop",
			`postgresql+asyncpg://${db}.user}:${db}.password}@${db}.host}:${db}.port}/${db}.name}`,
		],
		["jdbc:postgresql://db:5432/shop", `${db}.jdbcUrl}`],
		["jdbc:mysql://mysql:3306/shop?useSSL=false", "${databases.mysql.jdbcUrl}"],
		["redis://cache:6379/2", "${databases.cache.url}/2"],
		["redis://:pw@cache", "${databases.cache.url}"],
		["mongodb://mongo:27017/shop?authSource=admin", "${databases.mongo.url}"],
		["http://search:9200/index/", "${databases.search.url}/index"],
		["amqp://guest:guest@queue:5672//", "${databases.queue.url}"],
		["tcp://db:5432", `tcp://${db}.host}:${db}.port}`],
		["db:5432,cache:6379", `${db}.host}:${db}.port},\${databases.cache.host}:\${databases.cache.port}`],
		[
			"my:my-secret@tcp(mysql:3306)/shop?parseTime=true",
			"${databases.mysql.user}:${databases.mysql.password}@tcp(${databases.mysql.host}:${databases.mysql.port})/${databases.mysql.name}?parseTime=true",
		],
		[
			"host=db port=5432 user=app password=pg-secret dbname=shop sslmode=disable",
			`host=${db}.host} port=${db}.port} user=${db}.user} password=${db}.password} dbname=${db}.name} sslmode=disable`,
		],
		[
			"Server=mysql;Database=shop;Uid=my;Pwd=my-secret;",
			"Server=${databases.mysql.host};Database=${databases.mysql.name};Uid=${databases.mysql.user};Pwd=${databases.mysql.password};",
		],
	];
	for (const [value, text] of cases) assert.equal(withVariables({ CONNECTION: value }).config.CONNECTION, text, value);
	const { config, rows } = withVariables(
		{ REDIS_URL: "redis://cache:6379/1", REDIS_HOST: "cache", REDIS_PORT: "6379", DB_HOST: "db" },
		{ phi: true },
	);
	assert.deepEqual(config, {
		REDIS_URL: "${databases.cache.urls.redis+ssl}/1",
		REDIS_HOST: "${databases.cache.redis+ssl.host}",
		REDIS_PORT: "${databases.cache.redis+ssl.port}",
		DB_HOST: `${db}.host}`,
	});
	assert.match(
		rows("a.yml:18"),
		/^decide host of database cache, which phi: true has encrypted: the app has to speak TLS/,
	);
});

test("parts of a connection are found by the name that they share with its host, or by the values that the database has", () => {
	const { config } = withVariables({
		DB_HOST: "db",
		DB_PORT: "5432",
		DB_NAME: "anything",
		DB_USER: "${UNSET}",
		DB_PASSWORD: "",
		PGHOST: "db",
		PGDATABASE: "shop",
		MYSQL_SERVER: "mysql:3306",
		MYSQL_ROOT_PASS: "root-secret",
		STORE_LOGIN: "my",
		CACHE_HOST: "cache",
		CACHE_PORT: "6379",
		CACHE_PASSWORD: "",
	});
	assert.deepEqual(config, {
		DB_HOST: `${db}.host}`,
		DB_PORT: `${db}.port}`,
		DB_NAME: `${db}.name}`,
		DB_USER: `${db}.user}`,
		DB_PASSWORD: `${db}.password}`,
		PGHOST: `${db}.host}`,
		PGDATABASE: `${db}.name}`,
		MYSQL_SERVER: "${databases.mysql.host}:${databases.mysql.port}",
		MYSQL_ROOT_PASS: "${databases.mysql.password}",
		STORE_LOGIN: "${databases.mysql.user}",
		CACHE_HOST: "${databases.cache.host}",
		CACHE_PORT: "${databases.cache.port}",
		CACHE_PASSWORD: "${databases.cache.password}",
	});
});

test("a word that happens to be a service's name stays a word", () => {
	const words = {
		CACHE_DRIVER: "cache",
		DB_CONNECTION: "mysql",
		TITLE: "api",
		PORT: "5432",
		USERNAME: "jo",
		QUEUE: "queue",
	};
	assert.deepEqual(withVariables(words).config, words);
});

test("an app's name is a reference to an endpoint, which is made where the app has none", () => {
	const { config, app, rows } = withVariables({
		API_URL: "http://api:8080/v1?x=1",
		SOCKET: "ws://the-api:8080/live",
		API_HOST: "api",
		BROKER: "mqtt://broker:1883",
		BROKERS: "broker:1883,other:1",
	});
	assert.deepEqual(config, {
		API_URL: "${apps.api.endpoints.api.url}/v1?x=1",
		SOCKET: "wss://${apps.api.endpoints.api.host}/live",
		API_HOST: "${apps.api.endpoints.api.host}",
		BROKER: "mqtt://${apps.broker.endpoints.broker.host}:1883",
		BROKERS: "${apps.broker.endpoints.broker.host}:1883,other:1",
	});
	assert.deepEqual(app("broker").endpoints, { broker: { service: "cmd", kind: "tcp", internal: true, ports: [1883] } });
	assert.match(rows("a.yml:19"), /^decide host of api; there it speaks TLS on port 443/);
});

test("apps that call each other in a circle get one way, and the other is asked for", () => {
	const { blocks, app, rows } = importTexts({
		"a.yml": `services:
  front: { image: "acme/front:1", ports: ["80:80"], environment: { BACK: "http://back:8080" } }
  back: { image: "acme/back:1", expose: [8080], environment: { FRONT: "http://front" } }
`,
	});
	assert.deepEqual(blocks.apps?.front, {
		image: "acme/front:1",
		config: { BACK: "${apps.back.endpoints.back.url}" },
		services: { cmd: {} },
		endpoints: { front: { service: "cmd", kind: "https", defaultDomain: true, port: 80 } },
	});
	assert.deepEqual(Object.keys(app("back")), ["image", "services", "endpoints"]);
	assert.match(
		rows("a.yml:3", "FRONT"),
		/^decide front calls back too, .* give the endpoint of front a domain: and write that here$/,
	);
});

test("what looks like a secret is one, and stands nowhere", () => {
	const open = {
		LOG_LEVEL: "info",
		TOKEN_TTL: "3600",
		AUTH_ENABLED: "true",
		AUTH_URL: "https://login.acme.example/realm",
		CERT_PATH: "/etc/ssl/certs",
		HASH_ALGORITHM: "sha256",
		SESSION_SECONDS: "600",
		JAVA_OPTS: "-Xmx512m -XX:+UseG1GC",
		VERSION: "2026-11-20-4f9a1c2",
		PRICE: "5${literal}",
	};
	for (const [name, value] of Object.entries(open)) assert.ok(!looksSecret(name, value), name);
	const secret = {
		PASSWORD: "a",
		APP_KEY: "SomeKey",
		JWT_SIGNING: "x1-2",
		SMTP_URL: "smtp://jo:hunter2@mail.example",
		CONNECTION: "Server=elsewhere;Password=hunter2",
		STORAGE: "DefaultEndpointsProtocol=https;AccountKey=abc",
		WEBHOOK: "https://hooks.example/T00/9f8e7d6c5b4a39281706",
		STRIPE: "sk_live_1",
		PEM: "-----BEGIN PRIVATE KEY-----",
		SENTRY_DSN: "https://x@sentry.example/1",
	};
	for (const [name, value] of Object.entries(secret)) assert.ok(looksSecret(name, value), name);
	const { config, secrets, lines, blocks } = withVariables(secret);
	assert.deepEqual(
		Object.values(config),
		secrets.map((name) => `\${secrets.${name}}`),
	);
	const all = JSON.stringify([blocks, lines]);
	for (const value of Object.values(secret).filter((one) => one.length > 3)) assert.ok(!all.includes(value), value);
});

test("two secrets that happen to have one value are two, and one that several services have is one", () => {
	const { secrets } = importTexts({
		"a.yml": `services:
  a: { image: "acme/a:1", environment: { ADMIN_PASSWORD: same, API_TOKEN: same } }
  b: { image: "acme/b:1", environment: { API_TOKEN: same, ADMIN_PASSWORD: other } }
`,
	});
	assert.deepEqual(secrets, ["adminPassword", "apiToken", "adminPassword2"]);
});

test("a variable that has no value is asked for, unless it is a secret", () => {
	const { app, rows, secrets } = importTexts({
		"a.yml": `services:
  web:
    image: acme/web:\${TAG}
    environment:
      - API_KEY
      - REGION
      - TITLE=\${TITLE:?give it}
      - EMPTY=
      - APTIBLE_X=1
      - FORCE_SSL=true
      - spring.name=x
`,
	});
	assert.deepEqual(app("web").config, { API_KEY: "${secrets.apiKey}" });
	assert.deepEqual(secrets, ["apiKey"]);
	assert.match(rows("a.yml:3"), /^decide .*; TAG has no value here/);
	assert.match(rows("a.yml:6"), /^decide REGION has no value here/);
	assert.match(rows("a.yml:7"), /^decide TITLE has no value here \(give it\)/);
	assert.match(rows("a.yml:8"), /^dropped it is empty/);
	assert.match(rows("a.yml:9"), /^decide is a name that Aptible sets itself/);
	assert.match(rows("a.yml:10"), /^decide is no variable any more on Aptible; set forceSsl of the endpoint/);
	assert.match(rows("a.yml:11"), /^decide .*Spring reads SPRING_NAME for it/);
});

test("text that a stage file would read as a reference is none", () => {
	const { config } = withVariables({ A: "$${HOME}/x", B: "http://api:8080/$${id}" });
	assert.deepEqual(config, { A: "$${HOME}/x", B: "${apps.api.endpoints.api.url}/$${id}" });
});

test("a file with the password of a database is a reference to that, whatever reads it", () => {
	const { app, secrets, rows } = importTexts({
		"a.yml": `services:
  db:
    image: mysql:8.4
    secrets: [db-password]
    environment: [MYSQL_ROOT_PASSWORD_FILE=/run/secrets/db-password]
  web:
    image: acme/web:1
    secrets: [db-password, other]
    environment: { DATABASE_PASSWORD_FILE: /run/secrets/db-password, KEY_FILE: /run/secrets/other }
    depends_on: [db]
  batch:
    image: acme/batch:1
    secrets: [db-password]
    depends_on: [db]
secrets: { db-password: { file: ./pw.txt }, other: { external: true } }
`,
	});
	assert.deepEqual(app("batch").config, { DB_PASSWORD: "${databases.db.password}" });
	assert.deepEqual(app("web").config, { DATABASE_PASSWORD: "${databases.db.password}", KEY: "${secrets.other}" });
	assert.deepEqual(secrets, ["other"]);
	assert.match(
		rows("a.yml:13", "secrets[0]"),
		/^decide there is no file .*the variable DB_PASSWORD has the password of database db/,
	);
});

test("another user or database than the one that the file makes is asked for, and so is a service that does not run", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  db: { image: "postgres:16", environment: { POSTGRES_USER: app, POSTGRES_DB: shop } }
  off: { image: "redis:7.2", profiles: [cache] }
  web:
    image: acme/web:1
    environment:
      A_URL: postgres://reader@db/shop
      B_URL: postgres://app@db/other
      C_URL: postgres://app@db/shop
      DB_HOST: db
      DB_USER: admin
      DB_PASSWORD: x
      CACHE_HOST: off
`,
	});
	assert.match(rows("a.yml:7"), /^decide URL of database db; the file connects as another user/);
	assert.match(rows("a.yml:8"), /^decide URL of database db; the file names another database/);
	assert.equal(rows("a.yml:9"), "mapped URL of database db");
	assert.match(rows("a.yml:11"), /^decide user of database db; the file connects as another user/);
	assert.match(rows("a.yml:13"), /^decide it names off, which is left out/);
	assert.deepEqual(Object.keys(app("web").config ?? {}), [
		"A_URL",
		"B_URL",
		"C_URL",
		"DB_HOST",
		"DB_USER",
		"DB_PASSWORD",
	]);
});

test("an app may name itself, and what it publishes on localhost is its endpoint", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  web:
    image: acme/web:1
    ports: ["8080:3000"]
    environment: { BASE_URL: "http://localhost:8080/app", SELF: "http://web:3000", ELSE: "http://localhost:9999", SOCK: "tcp://web:7777" }
  api:
    image: acme/api:1
    environment: { SITE: "ws://127.0.0.1:8080" }
`,
	});
	assert.deepEqual(app("web").config, {
		BASE_URL: "${apps.web.endpoints.web.url}/app",
		SELF: "${apps.web.endpoints.web.url}",
		ELSE: "http://localhost:9999",
	});
	assert.deepEqual(app("api").config, { SITE: "wss://${apps.web.endpoints.web.host}" });
	assert.match(rows("a.yml:5", "BASE_URL"), /^decide it names localhost, where web publishes port 8080/);
	assert.match(rows("a.yml:5", "ELSE"), /^decide it names localhost, where on Aptible nothing else runs/);
	assert.match(rows("a.yml:5", "SOCK"), /^decide it is a service of the same app/);
});

test("a part that a database's URL has not is no reference", () => {
	const { config } = withVariables({
		REDIS_HOST: "cache",
		REDIS_DB: "1",
		CACHE_URL: "redis+socket://u:p@cache:6379/1",
	});
	assert.equal(config.REDIS_DB, "1");
	assert.equal(
		config.CACHE_URL,
		"redis+socket://${databases.cache.user}:${databases.cache.password}@${databases.cache.host}:${databases.cache.port}/1",
	);
});
