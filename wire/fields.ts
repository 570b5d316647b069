/**
 * What crosses the process line between the Pulumi program and `aptible/main.ts`: for each noun one spec (JSON on stdin) into
 * its reconciler, one set of facts (JSON on stdout) out of it, and the rule of what cannot change in place.
 *
 * Specs are strict: a field that one side does not know is a defect of ours, never of the user. Facts live on in the state and
 * are read by later versions of this program, so a field that is added to them needs a default.
 *
 * Neither holds a secret. A value that may be one is a template (`${secrets.sessionKey}`), which the reconciler fills in from
 * its own environment or from Aptible.
 */
import { z } from "zod";

/** Handle of an object on Aptible; the stage file's loader has checked its form. */
export const Handle = z.string().min(1);

/** `m` general purpose, `c` compute, `r` memory. The API may answer `m5`; only the letter counts (facts/aptible.md §2.1). */
export const ContainerProfile = z.enum(["m", "c", "r"]);

/** What a person should know of an object that is as declared all the same. */
export const Warnings = z.array(z.string());
