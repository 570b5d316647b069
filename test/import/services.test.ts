/** What services become: databases, apps, endpoints, Procfiles, and what has no place on Aptible. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findManaged } from "../../import/databases.ts";
import { readImage } from "../../import/images.ts";
import { importTexts } from "./texts.ts";

test("an image's name in parts", () => {
	const cases: [image: string, repository: string, tag: string | undefined][] = [
		["postgres", "postgres", undefined],
		["postgres:16-alpine", "postgres", "16-alpine"],
		["localhost:5000/acme/web:1", "acme/web", "1"],
		["registry.example.com/web@sha256:ab", "web", undefined],
		["docker.elastic.co/elasticsearch/elasticsearch:7.10.2", "elasticsearch/elasticsearch", "7.10.2"],
	];
	for (const [image, repository, tag] of cases) {
		const read = readImage(image);
		assert.deepEqual([read.repository, read.tag], [repository, tag], image);
	}
});

test("each image of a database becomes the version that Aptible has, and says where that is another one", () => {
	const cases: [image: string, becomes: string, asks: RegExp | undefined][] = [
		["postgres:16.3-alpine", "postgresql 16", undefined],
		["bitnami/postgresql:14", "postgresql 14", undefined],
		["postgres:12", "postgresql 14", /no 12; 14 is taken/],
		["postgres:18", "postgresql 17", /^blocker: 18 is newer/],
		["postgres", "postgresql 17", /names no version/],
		["postgis/postgis:15-3.4", "postgresql 15", /extension/],
		["timescale/timescaledb:2.11-pg15", "postgresql 15", /extension/],
		["mysql:8.4.2", "mysql 8.4", undefined],
		["mysql:8.0", "mysql 8.4", /no 8\.0; 8\.4 is taken/],
		["mariadb:10.11", "mysql 8.4", /no MariaDB/],
		["redis:7-alpine", "redis 7.2", undefined],
		["redis:6.2", "redis 7.2", /no 6\.2/],
		["valkey/valkey:8.0", "redis 8.0", /not Redis/],
		["mongo:4.0", "mongodb 4.0", undefined],
		["mongo:6", "mongodb 4.0", /^blocker: 6 is newer/],
		["elasticsearch:7.10.2", "elasticsearch 7.10", undefined],
		["elasticsearch:8.11.1", "elasticsearch 7.10", /^blocker: 8\.11 is newer/],
		["opensearchproject/opensearch:1.3", "elasticsearch 7.10", /OpenSearch/],
		["rabbitmq:4.1-management", "rabbitmq 4.1", undefined],
		["rabbitmq:3.13", "rabbitmq 4.1", /no 3\.13; 4\.1 is taken/],
		["influxdb:2.7", "influxdb 2.7", undefined],
		["couchdb:3", "couchdb undefined", /^blocker: Aptible gave couchdb up/],
	];
	for (const [image, becomes, asks] of cases) {
		const managed = findManaged(readImage(image));
		assert.equal(`${managed?.type} ${managed?.version}`, becomes, image);
		if (asks === undefined) assert.deepEqual(managed?.decide, [], image);
		else assert.match(managed?.decide.at(-1) ?? "", asks, image);
	}
	assert.equal(findManaged(readImage("acme/postgres-backup:1")), undefined);
});

test("what Redis keeps is its version's flavor, and its password is Aptible's", () => {
	const { blocks, rows } = importTexts({
		"a.yml": `services:
  log: { image: "redis:7.2", command: redis-server --appendonly yes }
  none: { image: "redis:7.2", command: ["redis-server", "--save", ""] }
  plain: { image: "redis:7.2", command: redis-server --requirepass hunter2 }
  own: { image: "redis:7.2", command: redis-server --maxmemory 1gb, mem_limit: 3g }
`,
	});
	assert.deepEqual(blocks.databases, {
		log: { type: "redis", version: "7.2-aof" },
		none: { type: "redis", version: "7.2-nordb" },
		plain: { type: "redis", version: "7.2" },
		own: { type: "redis", version: "7.2", containerMb: 4096 },
	});
	assert.match(rows("a.yml:4", "command"), /^dropped /);
	assert.match(rows("a.yml:5", "command"), /^decide settings of a server of your own/);
});

test("services of one image are one app, and two where a variable has two values", () => {
	const { blocks, procfiles, rows } = importTexts({
		"a.yml": `services:
  web: { image: "acme/portal:1", command: npm start, environment: { A: "1" } }
  worker: { image: "acme/portal:1", command: ["npm", "run", "worker job"], environment: { A: "1", B: "2" }, deploy: { replicas: 3 } }
  batch: { image: "acme/portal:1", entrypoint: /bin/batch, environment: { A: "2" } }
  same: { image: "acme/portal:1" }
`,
	});
	assert.deepEqual(blocks.apps, {
		web: {
			image: "acme/portal:1",
			config: { A: "1", B: "2" },
			services: { web: {}, worker: { containers: 3 }, same: {}, batch: { containers: 0 } },
		},
		batch: {
			image: "acme/portal:1",
			config: { A: "2" },
			services: { batch: {}, web: { containers: 0 }, worker: { containers: 0 }, same: { containers: 0 } },
		},
	});
	assert.deepEqual(procfiles, {
		web: "web: npm start\nworker: npm run 'worker job'\nbatch: /bin/batch\nsame: THE-COMMAND-OF-THE-IMAGE\n",
	});
	assert.match(
		rows("a.yml:4", "entrypoint"),
		/^decide line batch of web\/Procfile, .* build the image with ENTRYPOINT \[\]$/,
	);
	assert.match(
		rows("a.yml:5", "image"),
		/^decide line same of web\/Procfile, .*: another service of the image has a command of its own/,
	);
});

test("a command with a secret in it is not written", () => {
	for (const command of [
		"server --password hunter2",
		"server --token=hunter2",
		"sh -c 'DB_PASSWORD=hunter2 server'",
		"server redis://:hunter2@else:6379",
	]) {
		const { procfiles, rows, lines } = importTexts({
			"a.yml": `services:\n  web:\n    image: acme/web:1\n    command: ${command}\n`,
		});
		assert.deepEqual(procfiles, { web: "web: THE-COMMAND-OF-THE-IMAGE\n" }, command);
		assert.match(rows("a.yml:4"), /^decide .*looks like a secret/);
		assert.ok(!lines.join().includes("hunter2"), command);
	}
	const { procfiles } = importTexts({
		"a.yml": 'services:\n  web:\n    image: acme/web:1\n    command: server --token $$TOKEN --password "$$PW"\n',
	});
	assert.deepEqual(procfiles, { web: "web: server --token '$TOKEN' --password '$PW'\n" });
});

test("ports become endpoints: https where a web server listens, a question elsewhere", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  web: { image: "acme/web:1", ports: ["80:80", "443:443"] }
  other: { image: "acme/other:1", ports: ["127.0.0.1:9123:9123"], healthcheck: { test: "curl -f http://localhost:9123/up" } }
  mqtt: { image: "acme/mqtt:1", ports: ["1883:1883", "8883:8883", "5683:5683/udp"] }
  two: { image: "acme/two:1", ports: ["3000:3000", "9090:9090", { target: 7001, app_protocol: http }] }
  range: { image: "acme/range:1", ports: ["6000-6001:6000-6001", "[::1]:6001:6001", "nonsense"] }
  labelled:
    image: acme/labelled:1
    ports: [8080]
    deploy:
      labels:
        traefik.http.routers.a.rule: Host(\`A.example.com\`, \`b.example.com\`) && PathPrefix(\`/x\`)
        traefik.http.services.a.loadbalancer.server.port: "8080"
`,
	});
	assert.deepEqual(app("web").endpoints, { web: { service: "cmd", kind: "https", defaultDomain: true, port: 80 } });
	assert.match(rows("a.yml:2", "ports[1]"), /^dropped TLS ends at the endpoint/);
	assert.deepEqual(app("other").endpoints, {
		other: { service: "cmd", kind: "https", defaultDomain: true, internal: true, port: 9123 },
	});
	assert.match(rows("a.yml:3", "ports[0]"), /^decide .*published on the host's own address alone, so that .*internal/);
	assert.deepEqual(app("mqtt").endpoints, {
		mqtt_tls: { service: "cmd", kind: "tls", defaultDomain: true, ports: [1883, 8883] },
	});
	assert.match(rows("a.yml:4", "ports[2]"), /^decide blocker: port 5683 is UDP/);
	assert.match(rows("a.yml:5", "ports[1]"), /^decide port 9090 would be a second endpoint/);
	assert.match(rows("a.yml:5", "ports[2]"), /^decide port 7001 would be a second endpoint/);
	assert.deepEqual(app("range").endpoints, {
		range_tls: { service: "cmd", kind: "tls", defaultDomain: true, ports: [6000, 6001] },
	});
	assert.match(rows("a.yml:6", "ports[2]"), /^decide cannot be read as ports/);
	const labelled = { service: "cmd", kind: "https", managedTls: true, port: 8080 };
	assert.deepEqual(app("labelled").endpoints, {
		a_example_com: { ...labelled, domain: "a.example.com" },
		b_example_com: { ...labelled, domain: "b.example.com" },
	});
});

test("each thing that Aptible has not is named with what to do instead", () => {
	const { rows, app, blocks } = importTexts({
		"a.yml": `services:
  web:
    image: GHCR.io/Acme/Web:1
    privileged: true
    network_mode: host
    platform: linux/arm64
    extra_hosts: ["a:1.2.3.4"]
    configs: [nginx]
    volumes:
      - data:/data
      - ./conf:/etc/conf:ro
      - /scratch
      - { type: tmpfs, target: /tmp }
      - /var/run/docker.sock:/var/run/docker.sock
    deploy:
      mode: global
      placement: { constraints: [node.role == worker] }
      resources: { limits: { cpus: "0.5", memory: 900G }, reservations: { memory: 1g } }
    stop_grace_period: 1h
  proxy: { image: "traefik:v3" }
  admin: { image: "adminer" }
  files: { image: "minio/minio:1" }
  events: { image: "confluentinc/cp-kafka:7.6" }
  once: { image: "acme/once:1", restart: "no", ports: ["80:80"] }
`,
	});
	const cases: [line: number, says: RegExp, ending?: string][] = [
		[3, /^decide .*no capitals .*: write acme\/web/],
		[4, /^decide blocker: .*no rights over the host/],
		[5, /^decide blocker: each service has a network address of its own/],
		[6, /^decide .*linux\/amd64/],
		[7, /^decide .*no \/etc\/hosts/],
		[8, /^decide no file is mounted on Aptible/],
		[10, /^decide what is written to \/data is lost with each restart/],
		[11, /^decide .*what the app reads in \/etc\/conf is copied into the image$/],
		[12, /^dropped \/scratch is wiped/],
		[13, /^dropped the whole file system/],
		[14, /^decide blocker: there is no Docker/],
		[16, /^decide blocker: no service of Aptible's runs on each host/],
		[17, /^decide Aptible places containers itself/],
		[18, /^dropped on Aptible the CPU comes with the memory/, "cpus"],
		[18, /^decide more than the largest container/, "limits.memory"],
		[19, /^decide stopTimeoutSeconds: 900, the most/],
		[20, /^decide Aptible's endpoints lead to the apps/],
		[21, /^dropped it is a person's way into a database/],
		[22, /^decide blocker: Aptible has no object storage/],
		[23, /^decide blocker: Aptible has no managed database of this kind/],
		[24, /^decide it runs once/, "restart"],
		[24, /^decide a service with 0 containers gets no endpoint/, "ports[0]"],
	];
	for (const [line, says, ending] of cases) assert.match(rows(`a.yml:${line}`, ending), says);
	assert.deepEqual(Object.keys(blocks.apps ?? {}), ["web", "once"]);
	assert.deepEqual(app("once").services, { cmd: { containers: 0 } });
});

test("a service that others wait for until it has ended runs once", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  migrate: { image: "acme/web:1", command: migrate }
  web: { image: "acme/web:1", command: serve, depends_on: { migrate: { condition: service_completed_successfully } } }
`,
	});
	assert.deepEqual(app("web").services, { migrate: { containers: 0 }, web: {} });
	assert.match(rows("a.yml:2", "migrate"), /^decide it runs once, .*before_deploy/);
});
