/** Where both sides' load balancers are. */

/** Public addresses. */
export const MEDSTACK_ADDRESS = "203.0.113.9";
export const APTIBLE_ADDRESS = "198.51.100.7";
/** On this machine; the DNS servers have the first ones of this network. */
export const LOCAL = { [MEDSTACK_ADDRESS]: "127.0.0.101", [APTIBLE_ADDRESS]: "127.0.0.102" } as const;
