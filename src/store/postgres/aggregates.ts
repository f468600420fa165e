/**
 * The statistics of a column that SQL may call, as functions of the schema: the same arithmetic in the same order as in
 * src/stats, so that the numbers are the same to the bit.
 */
import { tTailQuantile } from "../../stats/student-t.js";

/** What they are called: a store knows these and no others. */
export const AGGREGATE_NAMES: readonly string[] = [
  ...["std", "sd", "stddev_samp", "mcse"],
  ...["quantile", "ci_low", "ci_high"],
];

const OF_VALUES = "(x double precision[]) returns double precision language plpgsql immutable parallel safe as";

/**
 * Student's t is not written anew in SQL: a query is asked twice where it wants quantiles, once to hear which they are
 * and once with their values. Both stand in settings of the transaction.
 */
export const T_KNOWN = "gmm_sweep.t_known";
export const T_WANTED = "gmm_sweep.t_wanted";

export const AGGREGATES = `
create function mean_of${OF_VALUES} $$
declare
  n integer := cardinality(x);
  first double precision := 0;
  rest double precision := 0;
  value double precision;
begin
  if n = 0 then return 'NaN'; end if;
  foreach value in array x loop first := first + value; end loop;
  first := first / n;
  if first in ('NaN', 'Infinity', '-Infinity') then return first; end if;
  foreach value in array x loop rest := rest + (value - first); end loop;
  return first + rest / n;
end $$;

create function squares_of${OF_VALUES} $$
declare
  center double precision := mean_of(x);
  total double precision := 0;
  rest double precision := 0;
  distance double precision;
  value double precision;
begin
  foreach value in array x loop
    distance := value - center;
    -- A smaller square is 0, which PostgreSQL refuses to say.
    if abs(distance) > 1.57e-162 then total := total + distance * distance; end if;
    rest := rest + distance;
  end loop;
  if abs(rest) > 1.57e-162 then total := total - (rest * rest) / cardinality(x); end if;
  -- What rounding left below 0 has no root.
  return case when total < 0 then 'NaN' else total end;
end $$;

create function std_of${OF_VALUES} $$
declare own double precision[] := array_remove(x, null);
begin
  if cardinality(own) = 0 then return null; end if;
  return nullif(sqrt(squares_of(own) / cardinality(own)), 'NaN');
end $$;

create function sd_of${OF_VALUES} $$
declare own double precision[] := array_remove(x, null);
begin
  if cardinality(own) < 2 then return null; end if;
  return nullif(sqrt(squares_of(own) / (cardinality(own) - 1)), 'NaN');
end $$;

create function mcse_of${OF_VALUES} $$
begin
  return sd_of(x) / sqrt(cardinality(array_remove(x, null)));
end $$;

${["std", "sd", "mcse"]
  .map(
    (name) =>
      `create aggregate ${name} (double precision) (sfunc = array_append, stype = double precision[], finalfunc = ${name}_of, initcond = '{}', parallel = safe);`,
  )
  .join("\n")}
create aggregate stddev_samp (double precision) (sfunc = array_append, stype = double precision[], finalfunc = sd_of, initcond = '{}', parallel = safe);

-- What they are given beside the values stands before them.
create function given_otherwise(first double precision, other double precision) returns double precision[]
language plpgsql immutable parallel safe as $$
begin
  raise exception 'an aggregate takes one value beside the column for all rows of a group, got % and %', first, other;
end $$;

-- Neither PL/pgSQL nor array_append, which take an array apart and put it together for each row.
create function gathered(state double precision[], x double precision, given double precision) returns double precision[]
language sql immutable parallel safe
return case
  when state is null then case when x is null then array[given] else array[given, x] end
  when state[1] is distinct from given then given_otherwise(state[1], given)
  when x is null then state
  else array_cat(state, array[x])
end;

create function quantile_of(state double precision[]) returns double precision language plpgsql immutable parallel safe as $$
declare
  q double precision := state[1];
  sorted double precision[];
  n integer := cardinality(state) - 1;
  at double precision;
  below integer;
  share double precision;
begin
  if not coalesce(q between 0 and 1, false) then raise exception 'q must be from 0 to 1, got %', coalesce(q::text, 'null'); end if;
  if n = 0 then return null; end if;
  sorted := array(select value from unnest(state[2:]) value order by value);
  at := (n - 1) * q;
  below := floor(at);
  if below >= n - 1 then return nullif(sorted[n], 'NaN'); end if;
  share := at - below;
  if share = 0 then return nullif(sorted[below + 1], 'NaN'); end if;
  return nullif(sorted[below + 1] + share * (sorted[below + 2] - sorted[below + 1]), 'NaN');
end $$;

create function t_quantile(level double precision, df integer) returns double precision language plpgsql volatile as $$
declare
  key text := level || ' ' || df;
  known text := current_setting('${T_KNOWN}', true);
  found double precision;
begin
  if coalesce(known, '') = '' then raise exception 'ci_low and ci_high are answered by gmm-sweep query alone'; end if;
  found := cast(cast(known as json) ->> key as double precision);
  if found is null then
    perform set_config('${T_WANTED}', concat(current_setting('${T_WANTED}', true), key, E'\\n'), true);
  end if;
  return found;
end $$;

create function end_of(state double precision[], sign integer) returns double precision language plpgsql volatile as $$
declare
  level double precision := state[1];
  own double precision[] := state[2:];
  n integer := cardinality(state) - 1;
  estimate double precision;
  error double precision;
begin
  if not coalesce(level > 0 and level < 1, false) then raise exception 'level must be between 0 and 1, got %', coalesce(level::text, 'null'); end if;
  if n < 2 then return null; end if;
  estimate := mean_of(own);
  error := sqrt(squares_of(own) / (n - 1) / n);
  if error = 0 then return estimate; end if;
  return nullif(estimate + sign * (error * t_quantile(level, n - 1)), 'NaN');
end $$;

create function low_of(state double precision[]) returns double precision language plpgsql volatile as $$
begin return end_of(state, -1); end $$;

create function high_of(state double precision[]) returns double precision language plpgsql volatile as $$
begin return end_of(state, 1); end $$;

${[
  ["quantile", "quantile_of"],
  ["ci_low", "low_of"],
  ["ci_high", "high_of"],
]
  .map(
    ([name, final]) =>
      `create aggregate ${name} (double precision, double precision) (sfunc = gathered, stype = double precision[], finalfunc = ${final});`,
  )
  .join("\n")}
`;

/** The quantiles that were wanted, by what they are wanted for: each line of \`wanted\` is a level and degrees of freedom. */
export function quantilesOf(wanted: string): Record<string, number> {
  const keys = new Set(wanted.split("\n").filter((key) => key !== ""));
  return Object.fromEntries(
    [...keys].map((key) => {
      const [level, df] = key.split(" ").map(Number);
      return [key, tTailQuantile((1 - level) / 2, df)];
    }),
  );
}
