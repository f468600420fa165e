/** What runs in a report's page. */
import { parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";

document.title = String([typeof parse, typeof View, typeof expressionInterpreter]);
