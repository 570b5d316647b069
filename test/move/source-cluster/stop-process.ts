/** Stops the services of a stage by the API, as a process that can be killed: `stop-process.ts STAGE_FILE ENVIRONMENT_AS_JSON`. */
import { readMoveStage } from "../../../move/stage.ts";
import { reachMedstack } from "../../support/medstack-stage.ts";

const [file = "", env = ""] = process.argv.slice(2);
await reachMedstack(readMoveStage("prod", file), JSON.parse(env)).stop();
