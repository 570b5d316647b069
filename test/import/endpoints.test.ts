/** Endpoints of ranges of ports, of ports that the host keeps to itself, and of labels that name a domain twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { writePorts } from "../../import/compose/ports.ts";
import { importTexts } from "./texts.ts";

test("ports are written as people write them", () => {
	assert.equal(writePorts([8002, 80, 8000, 8001, 80]), "80, 8000-8002");
	assert.equal(writePorts([]), "");
});

test("a range of ports is one sentence", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  calls: { image: "acme/calls:1", ports: ["10000-20000:10000-20000/udp", "30000-30002:30000-30002"] }
  sites: { image: "acme/sites:1", ports: ["8000-8002:8000-8002"] }
`,
	});
	assert.equal(
		rows("a.yml:2", "ports[0]"),
		"decide blocker: ports 10000-20000 are UDP, and Aptible's endpoints carry TCP alone; run what needs it elsewhere",
	);
	assert.match(rows("a.yml:2", "ports[1]"), /^decide ports 30000-30002 are no ports of a web server: /);
	assert.match(rows("a.yml:3", "ports[0]"), /^decide port 8001 would be a second endpoint.*; port 8002 is no port/);
	assert.deepEqual(app("sites").endpoints, {
		sites: { service: "cmd", kind: "https", defaultDomain: true, port: 8000 },
	});
});

test("a port that the host keeps to itself is not opened to everyone", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  a: { image: "acme/a:1", ports: ["127.0.0.1:8080:8080"] }
  b: { image: "acme/b:1", ports: ["[::1]:9123:9123"] }
  c: { image: "acme/c:1", ports: [{ target: 3000, host_ip: 127.0.0.1 }] }
  d: { image: "acme/d:1", ports: ["0.0.0.0:3000:3000"] }
`,
	});
	const endpoint = { service: "cmd", defaultDomain: true };
	assert.deepEqual(app("a").endpoints, { a: { ...endpoint, kind: "https", internal: true, port: 8080 } });
	assert.deepEqual(app("b").endpoints, { b_tls: { ...endpoint, kind: "tls", internal: true, ports: [9123] } });
	assert.deepEqual(app("c").endpoints, { c: { ...endpoint, kind: "https", internal: true, port: 3000 } });
	assert.deepEqual(app("d").endpoints, { d: { ...endpoint, kind: "https", port: 3000 } });
	for (const line of [2, 3, 4])
		assert.match(rows(`a.yml:${line}`, "ports[0]"), /^decide .*take internal: away/, String(line));
});

test("a domain is one endpoint, however many routers and services have it, and one without a value is asked for", () => {
	const { app, rows } = importTexts({
		"a.yml": `services:
  web:
    image: acme/web:1
    labels:
      - traefik.http.routers.plain.rule=Host(\`x.example.com\`)
      - traefik.http.routers.tls.rule=Host(\`x.example.com\`)
      - traefik.http.routers.open.rule=Host(\`\${DOMAIN}\`)
      - traefik.enable=true
  api:
    image: acme/api:1
    labels: { traefik.http.routers.api.rule: "Host(\`x.example.com\`) && PathPrefix(\`/api\`)" }
`,
	});
	assert.deepEqual(Object.keys(app("web").endpoints ?? {}), ["x_example_com"]);
	assert.equal(app("api").endpoints, undefined);
	assert.equal(rows("a.yml:6"), "mapped its endpoint leads there");
	assert.match(rows("a.yml:7"), /^decide .*DOMAIN has no value here/);
	assert.match(rows("a.yml:8"), /^dropped Aptible has no labels/);
	assert.match(rows("a.yml:11", "rule"), /^decide x\.example\.com leads to endpoint x_example_com of app web already/);
});
