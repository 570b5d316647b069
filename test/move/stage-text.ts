import type { MovePhase } from "../../wire/move.ts";

/** A stage file with one app, one database and one domain, in a phase of its move. */
export function textWith(phase: MovePhase): string {
	return `# Acme
config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases: { main: { type: postgresql, version: "17" } }
  medstack-to-aptible:apps:
    portal:
      image: acme/portal:1
      services: { web: {} }
      endpoints: { public: { service: web, kind: https, domain: portal.acme.example, managedTls: true } }
  medstack-to-aptible:move:
    phase: ${phase}   # one word
    from: { addresses: [203.0.113.9] }
    databases: { main: {} }
    domains: { portal.acme.example: { via: manual, from: 203.0.113.9 } }
`;
}
