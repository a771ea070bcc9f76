"""The yardstick: the same register files counted by the shortest DuckDB script one would write by hand.

No door, no keys, no Parquet, no checks: one read, straight to counts per block, age, sex, nationality and date. All
columns are read as text, because a register's birth dates are none: day or month may be 00.
Run as ``python -m tests.benchmarks.bare FOLDER THREADS MEMORY TARGET``; prints seconds and peak memory as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import duckdb

COUNTS = """
copy (
    with person as (
        select strptime(regexp_extract(filename, '(\\d{8})\\.csv$', 1), '%Y%m%d')::date as stichtag,
               Geschlecht as geschlecht, Staat1 = '000' as deutsch,
               strptime(replace(replace(Geburtsdatum, '00.00.', '01.01.'), '00.', '01.'), '%d.%m.%Y')::date as geburt,
               Strassenschluessel || '-' || lpad(Hausnummer, 4, '0') || '-' || coalesce(Zusatz, '') as adresse
        from read_csv('FOLDER/melderegister_bestand/*.csv', delim = ';', header = true, encoding = 'latin-1', filename = true,
                      all_varchar = true, nullstr = '', quote = '"')
        where Wohnungsart = 'H'
    ),
    adresse as (
        select Strassenschluessel || '-' || lpad(Hausnummer, 4, '0') || '-' || coalesce(Zusatz, '') as adresse, any_value(Block) as block_id
        from read_csv('FOLDER/adressen/*.csv', delim = ';', header = true, encoding = 'latin-1', all_varchar = true, nullstr = '')
        group by all
    )
    select stichtag, block_id, geschlecht, deutsch,
           year(stichtag) - year(geburt) - ((month(stichtag), day(stichtag)) < (month(geburt), day(geburt)))::int as alter, count(*) as anzahl
    from person left join adresse using (adresse)
    group by all
) to 'TARGET' (format parquet)
"""


def main(folder: str, threads: str, memory: str, target: str) -> None:
    start = time.perf_counter()
    db = duckdb.connect(config={"threads": int(threads), "memory_limit": memory})
    db.execute(COUNTS.replace("FOLDER", folder).replace("TARGET", target))
    seconds = time.perf_counter() - start
    print(json.dumps({"sekunden": seconds, "speicher": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
